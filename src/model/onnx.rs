//! What can be known of an ONNX file before it runs.
//!
//! The contract: float32, opset 9 to 18, inputs `input_ids` and `attention_mask` (and `token_type_ids`)
//! int64 \[batch, sequence\] with both dimensions free, output `logits` float32 \[batch, labels\] and
//! optionally `token_scores` float32 \[batch, sequence, labels\]; no weights outside the file, no
//! operators of other vendors, nothing quantised.

use std::collections::HashSet;

use tract_onnx::model::OnnxOpRegister;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, TensorShapeProto, ValueInfoProto, type_proto};
use tract_onnx::prelude::Framework as _;

use super::error::Error;
use super::files::MODEL;

pub(super) const LOGITS: &str = "logits";
pub(super) const TOKEN_SCORES: &str = "token_scores";

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

/// Graphs nested deeper than this are no text classifiers.
const MAX_GRAPH_DEPTH: usize = 8;

/// A column of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Ids,
    Mask,
    Types,
}

impl Column {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Ids, "input_ids"), (Self::Mask, "attention_mask"), (Self::Types, "token_type_ids")];
}

/// A file that keeps the contract as far as its description goes.
pub(super) struct Checked {
    pub(super) proto: ModelProto,
    /// The inputs in the order of the graph.
    pub(super) columns: Vec<Column>,
    pub(super) has_token_scores: bool,
    /// Width of the logits where the file says it.
    pub(super) labels: Option<usize>,
    /// Rows of the embedding table where it is indexed by `input_ids` itself.
    pub(super) embeddings: Option<usize>,
}

/// Reads a file and checks it; input dimensions come out under one name for each axis, and outputs that
/// are not scores are cut off.
pub(super) fn check(bytes: &[u8]) -> Result<Checked, Error> {
    let broken = "this is not an ONNX file, or it is cut short";
    let proto = tract_onnx::onnx().proto_model_for_read(&mut &*bytes);
    check_proto(proto.map_err(|_| invalid(broken, "copy or export it again"))?)
}

fn check_proto(mut proto: ModelProto) -> Result<Checked, Error> {
    check_opset(&proto)?;
    let Some(graph) = proto.graph.as_mut() else {
        return Err(invalid("the file holds no graph", "export it again"));
    };
    check_graph(graph, &tract_onnx::onnx().op_register, 0)?;
    let weights: HashSet<String> = graph.initializer.iter().map(|tensor| tensor.name.clone()).collect();
    graph.input.retain(|input| !weights.contains(&input.name));
    let columns = graph.input.iter_mut().map(check_input).collect::<Result<Vec<_>, _>>()?;
    for (column, name) in &Column::ALL[..2] {
        if !columns.contains(column) {
            return Err(invalid(format!("there is no input {name}"), "export a text classifier"));
        }
    }
    let names: Vec<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    graph.output.retain(|output| output.name == LOGITS || output.name == TOKEN_SCORES);
    let has_token_scores = graph.output.iter().any(|output| output.name == TOKEN_SCORES);
    let Some(logits) = graph.output.iter().find(|output| output.name == LOGITS) else {
        let what = format!("there is no output {LOGITS} among {}", names.join(", "));
        return Err(invalid(what, "export with `--task text-classification`"));
    };
    graph.output.iter().try_for_each(check_output)?;
    let (labels, embeddings) = (last_dimension(logits), embedding_rows(graph));
    Ok(Checked { proto, columns, has_token_scores, labels, embeddings })
}

fn invalid(what: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::invalid(MODEL, what, hint)
}

fn check_opset(proto: &ModelProto) -> Result<(), Error> {
    let hint = "export with `--opset 17`";
    for import in &proto.opset_import {
        let standard = import.domain.is_empty() || import.domain == "ai.onnx";
        if standard && !(9..=18).contains(&import.version) {
            return Err(invalid(format!("opset {} is not one of 9 to 18", import.version), hint));
        }
    }
    Ok(())
}

fn check_graph(graph: &GraphProto, known: &OnnxOpRegister, depth: usize) -> Result<(), Error> {
    if depth > MAX_GRAPH_DEPTH || !graph.sparse_initializer.is_empty() {
        return Err(invalid("it nests graphs or stores sparse weights", "export a plain classifier"));
    }
    graph.initializer.iter().try_for_each(check_tensor)?;
    for node in &graph.node {
        let NodeProto { op_type, domain, name, .. } = node;
        if QUANTISED.contains(&op_type.as_str()) {
            let what = format!("node {name:?} ({op_type}) is quantised");
            return Err(invalid(what, "export in float32, without quantisation"));
        }
        let standard = domain.is_empty() || domain == "ai.onnx" || domain == "ai.onnx.ml";
        if !standard || !known.0.contains_key(op_type) {
            let from = if standard { String::new() } else { format!(" of {domain}") };
            let what = format!("operator {op_type}{from} (node {name:?}) cannot be computed here");
            let hint = "export with `--opset 17` and without graph optimisation, or choose another architecture";
            return Err(invalid(what, hint));
        }
        for attribute in &node.attribute {
            attribute.t.iter().chain(&attribute.tensors).try_for_each(check_tensor)?;
            let inner = attribute.g.iter().chain(&attribute.graphs);
            inner.into_iter().try_for_each(|graph| check_graph(graph, known, depth + 1))?;
        }
    }
    Ok(())
}

fn check_tensor(tensor: &TensorProto) -> Result<(), Error> {
    let external = tensor.data_location == Some(DataLocation::External as i32);
    if external || !tensor.external_data.is_empty() {
        let what = format!("the weights {:?} are stored outside the file", tensor.name);
        return Err(invalid(what, "save the model as a single file (`onnx.save` without external data)"));
    }
    let kind = DataType::try_from(tensor.data_type).unwrap_or(DataType::Undefined);
    let half = matches!(kind, DataType::Float16 | DataType::Bfloat16);
    if half {
        let what = format!("the weights {:?} are {}", tensor.name, kind.as_str_name());
        return Err(invalid(what, "export in float32 (`--dtype fp32`)"));
    }
    Ok(())
}

fn check_input(input: &mut ValueInfoProto) -> Result<Column, Error> {
    let name = input.name.clone();
    let Some((column, _)) = Column::ALL.iter().find(|(_, known)| *known == name) else {
        let known = Column::ALL.map(|(_, name)| name).join(", ");
        let hint = format!("inputs are {known}; export a text classifier whose other inputs are fixed");
        return Err(invalid(format!("input {name:?} is unknown"), hint));
    };
    let hint = "export with int64 inputs [batch, sequence] and dynamic axes for both";
    let tensor = tensor_type(input).ok_or_else(|| invalid(format!("{name} has no type"), hint))?;
    if tensor.elem_type != DataType::Int64 as i32 {
        return Err(invalid(format!("{name} is not int64"), hint));
    }
    let dims = tensor.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    if !dims.is_empty() && dims.len() != 2 {
        return Err(invalid(format!("{name} has {} dimensions", dims.len()), hint));
    }
    for (axis, dim) in ["batch", "sequence"].iter().zip(dims) {
        if let Some(dimension::Value::DimValue(size)) = dim.value {
            return Err(invalid(format!("{name} has a fixed {axis} size of {size}"), hint));
        }
    }
    // Exporters name the axes of each input differently; one plan for all lengths needs them to agree.
    let free =
        |name: &str| Dimension { denotation: String::new(), value: Some(dimension::Value::DimParam(name.to_owned())) };
    tensor.shape = Some(TensorShapeProto { dim: vec![free("batch"), free("sequence")] });
    Ok(*column)
}

fn tensor_type(info: &mut ValueInfoProto) -> Option<&mut type_proto::Tensor> {
    let type_proto::Value::TensorType(tensor) = info.r#type.as_mut()?.value.as_mut()?;
    Some(tensor)
}

fn check_output(output: &ValueInfoProto) -> Result<(), Error> {
    let value = output.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = value else {
        return Ok(());
    };
    if tensor.elem_type == DataType::Float as i32 {
        return Ok(());
    }
    Err(invalid(format!("output {} is not float32", output.name), "export in float32"))
}

fn last_dimension(output: &ValueInfoProto) -> Option<usize> {
    let type_proto::Value::TensorType(tensor) = output.r#type.as_ref()?.value.as_ref()?;
    match tensor.shape.as_ref()?.dim.last()?.value {
        Some(dimension::Value::DimValue(size)) => usize::try_from(size).ok(),
        _ => None,
    }
}

fn embedding_rows(graph: &GraphProto) -> Option<usize> {
    let reads_ids =
        |node: &&NodeProto| node.op_type == "Gather" && node.input.get(1).is_some_and(|index| index == "input_ids");
    let tables = graph.node.iter().filter(reads_ids).filter_map(|node| node.input.first());
    let rows = tables.filter_map(|table| {
        let tensor = graph.initializer.iter().find(|tensor| tensor.name == *table)?;
        usize::try_from(*tensor.dims.first()?).ok()
    });
    rows.min()
}

#[cfg(test)]
mod tests;
