//! Which operators this runtime computes, and what to export instead of the others.

use std::collections::BTreeMap;

use tract_onnx::model::OnnxOpRegister;
use tract_onnx::pb::{GraphProto, NodeProto};

use super::super::error::Error;
use super::super::subject::Subject;
use super::{Problems, invalid};

/// Operators of quantised graphs, which this runtime computes slowly (20 to 70 times) and inexactly.
const QUANTISED: [&str; 7] = [
    "DynamicQuantizeLinear",
    "QuantizeLinear",
    "DequantizeLinear",
    "MatMulInteger",
    "ConvInteger",
    "QLinearMatMul",
    "QLinearConv",
];

/// What to export instead of a graph whose operator `kind` cannot be computed or compiled.
pub(in crate::model) fn advice(kind: &str) -> &'static str {
    match kind {
        "If" | "Loop" | "Scan" => {
            "a graph that branches on its data cannot be compiled for every length: export with \
             `torch.onnx.export(…, dynamo=True, opset_version=18)`, which leaves such branches out (so for DeBERTa)"
        }
        "Flatten" => {
            "tracing in transformers 5 writes masks in a way that cannot be compiled for every length: export with \
             `optimum-cli export onnx --task text-classification` or `torch.onnx.export(…, dynamo=True)`"
        }
        "CumSum" => {
            "the dynamo exporter counts positions in a type that this runtime does not sum: export with \
             `optimum-cli export onnx --task text-classification` (so for RoBERTa and XLM-R)"
        }
        kind if QUANTISED.contains(&kind) => "export in float32, without quantisation",
        _ => "export with `--opset 17` and without graph optimisation (`--optimize`), or choose another architecture",
    }
}

/// Counts the operators of a graph and its inner graphs, and tells of each kind that cannot be computed once.
pub(super) fn check(graph: &GraphProto, known: &OnnxOpRegister) -> (BTreeMap<String, usize>, Problems) {
    let (mut counts, mut problems) = (BTreeMap::new(), Problems::new());
    count(graph, known, &mut counts, &mut problems);
    (counts, problems)
}

/// Nesting was limited before, so this ends.
fn count(graph: &GraphProto, known: &OnnxOpRegister, counts: &mut BTreeMap<String, usize>, problems: &mut Problems) {
    for node in &graph.node {
        let seen = counts.entry(name(node)).or_default();
        *seen += 1;
        if let Some(problem) = Some(node).filter(|_| *seen == 1).and_then(|node| refusal(node, known)) {
            problems.push((Subject::Operators, problem));
        }
        for inner in node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs)) {
            count(inner, known, counts, problems);
        }
    }
}

/// With its domain where that is not the standard one.
fn name(node: &NodeProto) -> String {
    if is_standard(node) { node.op_type.clone() } else { format!("{} of {}", node.op_type, node.domain) }
}

fn is_standard(node: &NodeProto) -> bool {
    matches!(node.domain.as_str(), "" | "ai.onnx" | "ai.onnx.ml")
}

fn refusal(node: &NodeProto, known: &OnnxOpRegister) -> Option<Error> {
    let (kind, place) = (&node.op_type, &node.name);
    if QUANTISED.contains(&kind.as_str()) {
        return Some(invalid(format!("node {place:?} ({kind}) is quantised"), advice(kind)));
    }
    if is_standard(node) && known.0.contains_key(kind) {
        return None;
    }
    Some(invalid(format!("operator {} (node {place:?}) cannot be computed here", name(node)), advice(kind)))
}
