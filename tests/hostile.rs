//! Packages made to harm the process that loads them. Each is refused with the reason, and the process that asked
//! goes on; each is made here, at test time, from a small package of the repository.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use prost::Message as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto};

/// Processor time that a trial gets here.
const SECONDS: u64 = 5;
const LIMITS: [(&str, &str); 2] = [("IBALEG__MODEL__TRIAL_TIME", "5s"), ("IBALEG__MODEL__TRIAL_MEMORY", "512MiB")];

fn package() -> TempDir {
    let dir = TempDir::new().unwrap();
    for file in ["config.json", "tokenizer.json", "model.onnx"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/distilbert").join(file);
        fs::write(dir.path().join(file), fs::read(from).unwrap()).unwrap();
    }
    dir
}

fn with_model(change: impl FnOnce(&mut ModelProto)) -> TempDir {
    let dir = package();
    let path = dir.path().join("model.onnx");
    let mut proto = ModelProto::decode(fs::read(&path).unwrap().as_slice()).unwrap();
    change(&mut proto);
    fs::write(path, proto.encode_to_vec()).unwrap();
    dir
}

fn with_graph(change: impl FnOnce(&mut GraphProto)) -> TempDir {
    with_model(|proto| change(proto.graph.as_mut().unwrap()))
}

fn with_tokenizer(change: impl FnOnce(&mut Value)) -> TempDir {
    let dir = package();
    let path = dir.path().join("tokenizer.json");
    let mut file = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut file);
    fs::write(path, file.to_string()).unwrap();
    dir
}

/// The failed checks, as `name: found; advice`, within the time that a trial may take.
fn refusals(dir: &TempDir) -> Vec<String> {
    let arguments = ["model", "check", dir.path().to_str().unwrap(), "--output", "json", "--quick"];
    let started = Instant::now();
    let output = program::ibaleg(&arguments, b"", &LIMITS);
    assert!(started.elapsed() < Duration::from_secs(5 * SECONDS), "{:?}", started.elapsed());
    let report = serde_json::from_slice::<Value>(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let failed = report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "failed");
    let part = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    let failed: Vec<String> = failed
        .map(|check| format!("{}: {}; {}", part(check, "name"), part(check, "found"), part(check, "advice")))
        .collect();
    assert_eq!(usize::try_from(output.status.code().unwrap()).unwrap(), failed.len());
    assert_eq!(report["usable"], false);
    failed
}

fn refused(dir: &TempDir, says: &str) {
    let failed = refusals(dir);
    assert!(failed.iter().any(|refusal| refusal.contains(says)), "{says}: {failed:?}");
    // What `check` refuses, `run` does not take either: it ends before it looks for a broker.
    let path = dir.path().to_str().unwrap();
    let own = [("IBALEG__MODEL__PATH", path), ("IBALEG__SERVE__LISTEN", "127.0.0.1:0")];
    let environment = [&LIMITS[..], &own].concat();
    let run = program::ibaleg(&["run"], b"", &environment);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(70), "{said}");
    assert!(said.contains("error: model.path = "), "{said}");
}

fn node(kind: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: kind.to_owned(),
        name: format!("hostile {kind}"),
        input: inputs.iter().map(|input| (*input).to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    }
}

fn tensor(name: &str, kind: DataType, dims: &[i64]) -> TensorProto {
    TensorProto { name: name.to_owned(), data_type: kind as i32, dims: dims.to_vec(), ..TensorProto::default() }
}

fn shape(name: &str, dims: &[i64]) -> TensorProto {
    let data = dims.to_vec();
    TensorProto { int64_data: data, ..tensor(name, DataType::Int64, &[dims.len().try_into().unwrap()]) }
}

#[test]
fn weights_that_claim_terabytes_and_hold_nothing() {
    let dir = with_graph(|graph| graph.initializer.push(tensor("bomb", DataType::Float, &[1 << 20, 1 << 20])));
    refused(&dir, "weights: model.onnx: the weights \"bomb\" have shape [1048576, 1048576] and hold 0 numbers");
    let dir = with_graph(|graph| graph.initializer.push(tensor("bomb", DataType::Float, &[i64::MAX, i64::MAX])));
    refused(&dir, "the weights \"bomb\" are FLOAT of shape");
    let dir = with_graph(|graph| graph.initializer.push(tensor("bomb", DataType::Float, &[1; 400])));
    refused(&dir, "the weights \"bomb\" have 400 dimensions, more than 8");
}

#[test]
fn a_small_file_that_unfolds_to_gigabytes() {
    // Empty nodes take two bytes in the file and a hundred times that in memory.
    let dir = package();
    let path = dir.path().join("model.onnx");
    let nodes = 8_000_000_usize;
    let mut graph = Vec::with_capacity(2 * nodes);
    for _ in 0..nodes {
        graph.extend([0x0a, 0]);
    }
    let mut bytes = vec![0x3a];
    prost::encoding::encode_varint(graph.len() as u64, &mut bytes);
    bytes.extend(graph);
    fs::write(&path, bytes).unwrap();
    refused(
        &dir,
        "graph: it asked for more than 512 MiB of memory; raise model.trial_memory only for a package you trust",
    );
}

#[test]
fn an_operator_that_makes_gigabytes_out_of_a_shape() {
    let dir = with_graph(|graph| {
        graph.initializer.push(shape("huge", &[1 << 16, 1 << 16]));
        graph.node.push(node("ConstantOfShape", &["huge"], "bomb"));
        graph.node.push(node("ReduceMax", &["bomb"], "most"));
        let logits = graph.node.iter_mut().find(|node| node.output == ["logits"]).unwrap();
        logits.output = vec!["scores".to_owned()];
        graph.node.push(node("Add", &["scores", "most"], "logits"));
    });
    let failed = refusals(&dir);
    let said = failed.first().unwrap();
    assert!(said.contains("memory") || said.contains("cannot be compiled"), "{failed:?}");
}

#[test]
fn graphs_that_go_in_a_circle_or_nest_without_end() {
    let dir = with_graph(|graph| {
        graph.node.insert(0, node("Identity", &["b"], "a"));
        graph.node.insert(1, node("Identity", &["a"], "b"));
    });
    refused(&dir, "reads \"b\", which nothing before it gives; the graph goes in a circle");
    let nested = |depth: usize| {
        let mut inner = GraphProto::default();
        for _ in 0..depth {
            let branch = AttributeProto { g: Some(inner), ..AttributeProto::default() };
            inner = GraphProto {
                node: vec![NodeProto { attribute: vec![branch], ..node("If", &[], "x") }],
                ..GraphProto::default()
            };
        }
        with_graph(|graph| graph.node.extend(inner.node))
    };
    refused(&nested(12), "graph: model.onnx: it nests graphs");
    // Deeper than the parser of the file goes.
    refused(&nested(60), "graph: model.onnx: this is not an ONNX file, or it is cut short");
    let dir = with_graph(|graph| graph.node.resize(30_000, node("Identity", &["input_ids"], "")));
    refused(&dir, "graph: model.onnx: the graph has 30000 nodes, more than 20000");
}

#[test]
fn weights_outside_the_file_and_operators_of_others() {
    let dir = with_graph(|graph| {
        let place = |key: &str, value: &str| StringStringEntryProto { key: key.to_owned(), value: value.to_owned() };
        let mut outside = tensor("outside", DataType::Float, &[16]);
        outside.data_location = Some(DataLocation::External as i32);
        outside.external_data = vec![place("location", "../../../../../../etc/passwd"), place("length", "64")];
        graph.initializer.push(outside);
    });
    refused(&dir, "the weights \"outside\" are stored outside the file; save the model as a single file");
    let dir = with_graph(|graph| {
        graph.node.push(NodeProto { domain: "com.example".to_owned(), ..node("Shell", &["input_ids"], "x") });
    });
    refused(
        &dir,
        "operators: model.onnx: operator Shell of com.example (node \"hostile Shell\") cannot be computed here",
    );
}

#[test]
fn weights_that_are_not_numbers() {
    let dir = with_graph(|graph| {
        let weights = graph.initializer.iter_mut().find(|weights| weights.dims.len() == 2).unwrap();
        weights.raw_data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    refused(&dir, "hold NaN; the training diverged or the file is damaged");
}

#[test]
fn links_out_of_the_package() {
    let dir = package();
    fs::remove_file(dir.path().join("config.json")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("config.json")).unwrap();
    refused(&dir, "is a symbolic link; copy the file itself into the package");
    let (dir, other) = (package(), package());
    fs::remove_file(dir.path().join("model.onnx")).unwrap();
    fs::hard_link(other.path().join("model.onnx"), dir.path().join("model.onnx")).unwrap();
    refused(&dir, "is a hard link to a file that has another name");
}

#[test]
fn tokenizers_that_run_wild() {
    // From each place of the text the rest is read once for each ending that never comes.
    let dir = with_tokenizer(|file| {
        let endings = ('b'..='z').map(|ending| format!("(?=(a|aa)+{ending})")).collect::<Vec<_>>().join("|");
        let split =
            json!({ "type": "Split", "pattern": { "Regex": endings }, "behavior": "Isolated", "invert": false });
        file["pre_tokenizer"] = split;
    });
    // Which limit it meets first depends on the machine.
    let failed = refusals(&dir);
    assert!(failed.iter().any(|it| it.contains("runs wild") || it.contains("of processor time")), "{failed:?}");
    let dir = with_tokenizer(|file| {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        file["model"]["vocab"]["deep"] = json!(deep);
    });
    refused(&dir, "tokenizer.json");
    let dir = package();
    fs::write(dir.path().join("tokenizer.json"), "[".repeat(1 << 20)).unwrap();
    refused(&dir, "tokenizer: tokenizer.json: recursion limit exceeded");
    let dir = with_tokenizer(|file| file["model"]["vocab"]["huge"] = json!(u32::MAX));
    refused(&dir, "ids, the model's embedding table 190 rows");
}

#[test]
fn files_cut_short_and_files_that_never_end() {
    let dir = package();
    let path = dir.path().join("model.onnx");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    refused(&dir, "graph: model.onnx: this is not an ONNX file, or it is cut short");
    let dir = package();
    fs::File::create(dir.path().join("card.md")).unwrap().set_len(1 << 40).unwrap();
    refused(&dir, "card.md is larger than 536870912 bytes");
}
