//! What can be known of an ONNX file before it runs.
//!
//! The contract: float32, opset 9 to 18, inputs `input_ids` and `attention_mask` (and `token_type_ids`)
//! int64 \[batch, sequence\] with both dimensions free, output `logits` float32 \[batch, labels\] and
//! optionally `token_scores` float32 \[batch, sequence, labels\]; no weights outside the file, no
//! operators of other vendors, nothing quantised.

use std::collections::{BTreeMap, HashSet};

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorShapeProto, ValueInfoProto, type_proto};
use tract_onnx::prelude::Framework as _;

use super::error::Error;
use super::files::{LoadLimits, MODEL};
use super::subject::Subject;

pub(super) mod operators;
mod structure;

pub(super) const LOGITS: &str = "logits";
pub(super) const TOKEN_SCORES: &str = "token_scores";

/// What is wrong, in the order in which it was looked for.
pub(super) type Problems = Vec<(Subject, Error)>;

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

/// What a file says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Description {
    /// Of the standard domain.
    pub(super) opset: Option<i64>,
    /// Program that wrote it.
    pub(super) producer: String,
    pub(super) nodes: usize,
    pub(super) operators: BTreeMap<String, usize>,
    pub(super) parameters: u64,
    /// Names with types and shapes.
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
}

/// Everything that can be told of a file without running it.
pub(super) struct Inspection {
    pub(super) description: Description,
    pub(super) problems: Problems,
    /// Only of use where there are no problems.
    pub(super) checked: Checked,
}

/// Reads a file and checks it; input dimensions come out under one name for each axis, and outputs that
/// are not scores are cut off.
pub(super) fn check(bytes: &[u8], limits: &LoadLimits) -> Result<Checked, Error> {
    let Inspection { problems, checked, .. } = inspect(bytes, limits)?;
    problems.into_iter().next().map_or(Ok(checked), |(_, problem)| Err(problem))
}

/// Everything that is wrong with a file; an error only where it cannot be read at all.
pub(super) fn inspect(bytes: &[u8], limits: &LoadLimits) -> Result<Inspection, Error> {
    let broken = "this is not an ONNX file, or it is cut short";
    let proto = tract_onnx::onnx().proto_model_for_read(&mut &*bytes);
    inspect_proto(proto.map_err(|_| invalid(broken, "copy or export it again"))?, limits)
}

fn inspect_proto(mut proto: ModelProto, limits: &LoadLimits) -> Result<Inspection, Error> {
    let mut problems: Problems = check_opset(&proto).err().map(|error| (Subject::Opset, error)).into_iter().collect();
    let mut description = describe(&proto);
    let Some(graph) = proto.graph.as_mut() else {
        return Err(invalid("the file holds no graph", "export it again"));
    };
    let (size, found) = structure::check(graph, limits);
    (description.nodes, description.parameters) = (size.nodes, size.parameters);
    // What nests without end is not walked again.
    let sound = !found.iter().any(|(subject, _)| *subject == Subject::Graph);
    problems.extend(found);
    if sound {
        let (counts, found) = operators::check(graph, &tract_onnx::onnx().op_register);
        description.operators = counts;
        problems.extend(found);
    }
    let weights: HashSet<String> = graph.initializer.iter().map(|tensor| tensor.name.clone()).collect();
    graph.input.retain(|input| !weights.contains(&input.name));
    let (columns, found) = check_inputs(graph);
    problems.extend(found.into_iter().map(|error| (Subject::Inputs, error)));
    let (logits, found) = check_outputs(graph);
    problems.extend(found.into_iter().map(|error| (Subject::Outputs, error)));
    let has_token_scores = graph.output.iter().any(|output| output.name == TOKEN_SCORES);
    let (labels, embeddings) = (logits.and_then(|logits| last_dimension(&logits)), embedding_rows(graph));
    Ok(Inspection { description, problems, checked: Checked { proto, columns, has_token_scores, labels, embeddings } })
}

fn invalid(what: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::invalid(MODEL, what, hint)
}

fn describe(proto: &ModelProto) -> Description {
    let standard = proto.opset_import.iter().find(|import| is_standard(&import.domain));
    let graph = proto.graph.as_ref();
    let weights: HashSet<&str> =
        graph.iter().flat_map(|graph| &graph.initializer).map(|tensor| tensor.name.as_str()).collect();
    let inputs = graph.iter().flat_map(|graph| &graph.input).filter(|input| !weights.contains(input.name.as_str()));
    Description {
        opset: standard.map(|import| import.version),
        producer: format!("{} {}", proto.producer_name, proto.producer_version).trim().to_owned(),
        inputs: inputs.map(signature).collect(),
        outputs: graph.iter().flat_map(|graph| &graph.output).map(signature).collect(),
        ..Description::default()
    }
}

/// `input_ids int64 [batch, sequence]`
fn signature(info: &ValueInfoProto) -> String {
    let value = info.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = value else {
        return info.name.clone();
    };
    let kind = DataType::try_from(tensor.elem_type).unwrap_or(DataType::Undefined).as_str_name().to_lowercase();
    let dims = tensor.shape.iter().flat_map(|shape| &shape.dim).map(|dim| match &dim.value {
        Some(dimension::Value::DimValue(size)) => size.to_string(),
        Some(dimension::Value::DimParam(name)) => name.clone(),
        None => "?".to_owned(),
    });
    format!("{} {kind} [{}]", info.name, dims.collect::<Vec<_>>().join(", "))
}

fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

fn check_opset(proto: &ModelProto) -> Result<(), Error> {
    let hint = "export with `--opset 17`";
    for import in &proto.opset_import {
        if is_standard(&import.domain) && !(9..=18).contains(&import.version) {
            return Err(invalid(format!("opset {} is not one of 9 to 18", import.version), hint));
        }
    }
    Ok(())
}

fn check_inputs(graph: &mut GraphProto) -> (Vec<Column>, Vec<Error>) {
    let (mut columns, mut problems) = (Vec::new(), Vec::new());
    for input in &mut graph.input {
        match check_input(input) {
            Ok(column) => columns.push(column),
            Err(error) => problems.push(error),
        }
    }
    for (column, name) in &Column::ALL[..2] {
        if problems.is_empty() && !columns.contains(column) {
            problems.push(invalid(format!("there is no input {name}"), "export a text classifier"));
        }
    }
    (columns, problems)
}

/// Cuts off what is no score; the logits, and what is wrong.
fn check_outputs(graph: &mut GraphProto) -> (Option<ValueInfoProto>, Vec<Error>) {
    let names: Vec<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    graph.output.retain(|output| output.name == LOGITS || output.name == TOKEN_SCORES);
    let logits = graph.output.iter().find(|output| output.name == LOGITS).cloned();
    let mut problems: Vec<Error> = graph.output.iter().filter_map(|output| check_output(output).err()).collect();
    if logits.is_none() {
        let what = format!("there is no output {LOGITS} among {}", names.join(", "));
        problems.push(invalid(what, "export with `--task text-classification`"));
    }
    (logits, problems)
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
