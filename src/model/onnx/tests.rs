use super::*;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{AttributeProto, OperatorSetIdProto, SparseTensorProto, TensorProto};

fn graph() -> GraphProto {
    let tensor = |elem_type| type_proto::Tensor { elem_type, shape: None };
    let info = |name: &str, kind: DataType| ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(tract_onnx::pb::TypeProto {
            denotation: String::new(),
            value: Some(type_proto::Value::TensorType(tensor(kind as i32))),
        }),
        doc_string: String::new(),
    };
    let gives = |output: &str| NodeProto {
        op_type: "Identity".to_owned(),
        input: vec!["input_ids".to_owned()],
        output: vec![output.to_owned()],
        ..NodeProto::default()
    };
    GraphProto {
        node: vec![gives("hidden"), gives(LOGITS)],
        input: vec![info("input_ids", DataType::Int64), info("attention_mask", DataType::Int64)],
        output: vec![info("hidden", DataType::Float), info(LOGITS, DataType::Float)],
        ..GraphProto::default()
    }
}

fn node(op_type: &str) -> NodeProto {
    NodeProto { op_type: op_type.to_owned(), name: "n".to_owned(), ..NodeProto::default() }
}

fn refusal(break_it: impl FnOnce(&mut ModelProto)) -> String {
    let opset = OperatorSetIdProto { domain: String::new(), version: 17 };
    let mut proto = ModelProto { graph: Some(graph()), opset_import: vec![opset], ..ModelProto::default() };
    break_it(&mut proto);
    check_proto(proto).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

fn check_proto(proto: ModelProto) -> Result<Checked, Error> {
    let Inspection { problems, checked, .. } = inspect_proto(proto, &LoadLimits::default())?;
    problems.into_iter().next().map_or(Ok(checked), |(_, problem)| Err(problem))
}

fn graph_refusal(break_it: impl FnOnce(&mut GraphProto)) -> String {
    refusal(|proto| break_it(proto.graph.as_mut().unwrap()))
}

#[test]
fn a_graph_within_the_contract_keeps_only_its_scores() {
    let proto = ModelProto { graph: Some(graph()), ..ModelProto::default() };
    let checked = check_proto(proto).unwrap();
    assert_eq!(checked.columns, [Column::Ids, Column::Mask]);
    assert_eq!(checked.proto.graph.unwrap().output.len(), 1);
}

#[test]
fn half_precision_external_and_sparse_weights_are_refused() {
    let tensor = TensorProto { name: "w".to_owned(), ..TensorProto::default() };
    let half = TensorProto { data_type: DataType::Float16 as i32, ..tensor.clone() };
    let says = graph_refusal(|graph| graph.initializer.push(half.clone()));
    assert!(says.contains("the weights \"w\" are FLOAT16; export in float32"), "{says}");
    let external = TensorProto { data_location: Some(DataLocation::External as i32), ..tensor };
    let says = graph_refusal(|graph| graph.initializer.push(external));
    assert!(says.contains("stored outside the file"), "{says}");
    let constant = AttributeProto { t: Some(half), ..AttributeProto::default() };
    let says = graph_refusal(|graph| {
        graph.node.push(NodeProto { attribute: vec![constant], ..node("Constant") });
    });
    assert!(says.contains("FLOAT16"), "{says}");
    let says = graph_refusal(|graph| graph.sparse_initializer.push(SparseTensorProto::default()));
    assert!(says.contains("sparse"), "{says}");
}

#[test]
fn operators_out_of_reach_are_named_also_inside_branches() {
    let says = graph_refusal(|graph| graph.node.push(node("MatMulInteger")));
    assert!(says.contains("node \"n\" (MatMulInteger) is quantised"), "{says}");
    let says = graph_refusal(|graph| {
        graph.node.push(NodeProto { domain: "com.microsoft".to_owned(), ..node("Gelu") });
    });
    assert!(says.contains("operator Gelu of com.microsoft (node \"n\")"), "{says}");
    let inner = GraphProto { node: vec![node("Nonsense")], ..GraphProto::default() };
    let branch = AttributeProto { g: Some(inner), ..AttributeProto::default() };
    let says = graph_refusal(|graph| {
        graph.node.push(NodeProto { attribute: vec![branch], ..node("If") });
    });
    assert!(says.contains("operator Nonsense (node \"n\")"), "{says}");
}

#[test]
fn graphs_without_end_are_refused() {
    let mut inner = GraphProto::default();
    for _ in 0..=8 {
        let branch = AttributeProto { g: Some(inner), ..AttributeProto::default() };
        let node = NodeProto { attribute: vec![branch], ..node("If") };
        inner = GraphProto { node: vec![node], ..GraphProto::default() };
    }
    let says = graph_refusal(|graph| graph.node.extend(inner.node));
    assert!(says.contains("nests graphs"), "{says}");
}

#[test]
fn inputs_off_the_contract_are_refused() {
    let set =
        |change: fn(&mut type_proto::Tensor)| graph_refusal(|graph| change(tensor_type(&mut graph.input[0]).unwrap()));
    let says = set(|tensor| tensor.elem_type = DataType::Int32 as i32);
    assert!(says.contains("input_ids is not int64"), "{says}");
    let says = set(|tensor| {
        let fixed = Dimension { value: Some(dimension::Value::DimValue(128)), ..Default::default() };
        let dim = vec![Dimension::default(), fixed];
        tensor.shape = Some(TensorShapeProto { dim });
    });
    assert!(says.contains("input_ids has a fixed sequence size of 128"), "{says}");
    let says = graph_refusal(|graph| graph.input.truncate(1));
    assert!(says.contains("there is no input attention_mask"), "{says}");
    let says = refusal(|proto| proto.opset_import[0].version = 21);
    assert!(says.contains("opset 21 is not one of 9 to 18; export with `--opset 17`"), "{says}");
    let says = refusal(|proto| proto.graph = None);
    assert!(says.contains("no graph"), "{says}");
}

#[test]
fn scores_of_another_type_are_refused() {
    let says = graph_refusal(|graph| {
        tensor_type(&mut graph.output[1]).unwrap().elem_type = DataType::Double as i32;
    });
    assert!(says.contains("output logits is not float32"), "{says}");
}

fn weights(dims: &[i64], data: Vec<f32>) -> TensorProto {
    let kind = DataType::Float as i32;
    TensorProto { name: "w".to_owned(), data_type: kind, dims: dims.to_vec(), float_data: data, ..Default::default() }
}

#[test]
fn weights_that_claim_what_they_do_not_hold_are_refused() {
    for (tensor, says) in [
        (weights(&[1 << 20, 1 << 20], vec![]), "shape [1048576, 1048576] and hold 0 numbers"),
        (weights(&[i64::MAX, i64::MAX], vec![]), "are FLOAT of shape [9223372036854775807, 9223372036854775807]"),
        (weights(&[-1], vec![]), "are FLOAT of shape [-1]"),
        (weights(&[1; 9], vec![0.0]), "have 9 dimensions, more than 8"),
        (weights(&[2], vec![0.0, f32::NAN]), "hold NaN; the training diverged"),
        (TensorProto { raw_data: vec![0; 7], ..weights(&[2], vec![]) }, "hold 18446744073709551615 numbers"),
        (TensorProto { data_type: 99, ..weights(&[1], vec![0.0]) }, "are UNDEFINED of shape [1]"),
    ] {
        let found = graph_refusal(|graph| graph.initializer.push(tensor));
        assert!(found.contains(says), "{says}: {found}");
    }
    assert_eq!(graph_refusal(|graph| graph.initializer.push(weights(&[2], vec![0.0, 1.0]))), "accepted");
}

#[test]
fn circles_doubles_and_values_from_nowhere_are_refused() {
    let wired = |input: &str, output: &str| NodeProto {
        input: vec![input.to_owned()],
        output: vec![output.to_owned()],
        ..node("Identity")
    };
    for (nodes, says) in [
        (
            vec![wired("b", "a"), wired("a", "b")],
            "reads \"b\", which nothing before it gives; the graph goes in a circle",
        ),
        (vec![wired("a", "a")], "goes in a circle"),
        (vec![wired("input_ids", "a"), wired("input_ids", "a")], "gives \"a\", which is given before"),
    ] {
        let found = graph_refusal(|graph| graph.node.extend(nodes));
        assert!(found.contains(says), "{says}: {found}");
    }
    let inner = GraphProto { node: vec![wired("input_ids", "b"), wired("c", "d")], ..GraphProto::default() };
    let branch = AttributeProto { g: Some(inner), ..AttributeProto::default() };
    let found = graph_refusal(|graph| graph.node.push(NodeProto { attribute: vec![branch], ..node("If") }));
    assert!(found.contains("reads \"c\""), "{found}");
}

#[test]
fn graphs_of_too_many_nodes_are_refused() {
    let found = graph_refusal(|graph| graph.node.resize(20_001, node("Identity")));
    assert!(found.contains("the graph has 20001 nodes, more than 20000"), "{found}");
}
