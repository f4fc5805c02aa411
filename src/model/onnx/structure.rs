//! Limits on what a file may ask of this process, checked on the parsed file before anything is built from it.

use std::collections::HashSet;

use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

use super::super::error::Error;
use super::super::files::LoadLimits;
use super::super::subject::Subject;
use super::{Problems, invalid};

/// Graphs nested deeper than this are no text classifiers.
const MAX_GRAPH_DEPTH: usize = 8;

/// What the weights of a file add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) nodes: usize,
    /// Numbers in initialisers and constants.
    pub(super) parameters: u64,
    pub(super) bytes: u64,
}

/// The size of a file, or all that is wrong with its parts.
pub(super) fn check(graph: &GraphProto, limits: &LoadLimits) -> (Size, Problems) {
    let mut walk = Walk { limits, size: Size::default(), problems: Problems::new() };
    walk.graph(graph, 0);
    if walk.size.nodes > limits.max_nodes {
        let what = format!("the graph has {} nodes, more than {}", walk.size.nodes, limits.max_nodes);
        walk.tell(Subject::Graph, invalid(what, "export a plain classifier"));
    }
    if walk.problems.is_empty() {
        let mut scopes = Vec::new();
        if let Err(problem) = check_order(graph, &mut scopes) {
            walk.tell(Subject::Graph, problem);
        }
    }
    (walk.size, walk.problems)
}

struct Walk<'a> {
    limits: &'a LoadLimits,
    size: Size,
    problems: Problems,
}

impl Walk<'_> {
    /// The first problem of a kind stands for all: a broken file has thousands.
    fn tell(&mut self, subject: Subject, problem: Error) {
        if !self.problems.iter().any(|(known, _)| *known == subject) {
            self.problems.push((subject, problem));
        }
    }

    fn graph(&mut self, graph: &GraphProto, depth: usize) {
        if depth > MAX_GRAPH_DEPTH || !graph.sparse_initializer.is_empty() {
            let what = "it nests graphs or stores sparse weights";
            return self.tell(Subject::Graph, invalid(what, "export a plain classifier"));
        }
        graph.initializer.iter().for_each(|tensor| self.tensor(tensor));
        for node in &graph.node {
            self.size.nodes += 1;
            for attribute in &node.attribute {
                attribute.t.iter().chain(&attribute.tensors).for_each(|tensor| self.tensor(tensor));
                attribute.g.iter().chain(&attribute.graphs).for_each(|graph| self.graph(graph, depth + 1));
            }
        }
    }

    fn tensor(&mut self, tensor: &TensorProto) {
        match check_tensor(tensor, self.limits) {
            Ok((numbers, bytes)) => {
                self.size.parameters = self.size.parameters.saturating_add(numbers);
                self.size.bytes = self.size.bytes.saturating_add(bytes);
                if self.size.bytes > self.limits.max_model_bytes {
                    let what = format!("its weights are larger than {} bytes", self.limits.max_model_bytes);
                    self.tell(Subject::Weights, invalid(what, "export a smaller model"));
                }
            }
            Err(problem) => self.tell(Subject::Weights, problem),
        }
    }
}

/// Numbers and bytes of a tensor that holds what it says it holds.
fn check_tensor(tensor: &TensorProto, limits: &LoadLimits) -> Result<(u64, u64), Error> {
    let name = &tensor.name;
    let external = tensor.data_location == Some(DataLocation::External as i32);
    if external || !tensor.external_data.is_empty() {
        let what = format!("the weights {name:?} are stored outside the file");
        return Err(invalid(what, "save the model as a single file (`onnx.save` without external data)"));
    }
    let kind = DataType::try_from(tensor.data_type).unwrap_or(DataType::Undefined);
    if matches!(kind, DataType::Float16 | DataType::Bfloat16) {
        let what = format!("the weights {name:?} are {}", kind.as_str_name());
        return Err(invalid(what, "export in float32 (`--dtype fp32`)"));
    }
    let again = "export or copy the model again";
    if tensor.dims.len() > limits.max_rank {
        let what = format!("the weights {name:?} have {} dimensions, more than {}", tensor.dims.len(), limits.max_rank);
        return Err(invalid(what, "export a plain classifier"));
    }
    let size = |dims: &[i64]| dims.iter().try_fold(1_u64, |size, &dim| size.checked_mul(u64::try_from(dim).ok()?));
    let Some((numbers, width)) = size(&tensor.dims).zip(width(kind)) else {
        let what = format!("the weights {name:?} are {} of shape {:?}", kind.as_str_name(), tensor.dims);
        return Err(invalid(what, again));
    };
    let held = held(tensor, kind, width);
    if held != numbers {
        let what = format!("the weights {name:?} have shape {:?} and hold {held} numbers", tensor.dims);
        return Err(invalid(what, again));
    }
    if has_nan(tensor, kind) {
        let what = format!("the weights {name:?} hold NaN");
        return Err(invalid(what, "the training diverged or the file is damaged; export a sound checkpoint"));
    }
    Ok((numbers, numbers.saturating_mul(width)))
}

/// Bytes of one number; `None` for types that no classifier is made of.
fn width(kind: DataType) -> Option<u64> {
    match kind {
        DataType::Bool | DataType::Int8 | DataType::Uint8 => Some(1),
        DataType::Int16 | DataType::Uint16 => Some(2),
        DataType::Float | DataType::Int32 | DataType::Uint32 => Some(4),
        DataType::Double | DataType::Int64 | DataType::Uint64 => Some(8),
        _ => None,
    }
}

/// Numbers that a tensor has data for.
fn held(tensor: &TensorProto, kind: DataType, width: u64) -> u64 {
    if !tensor.raw_data.is_empty() {
        let bytes = tensor.raw_data.len() as u64;
        return if bytes.is_multiple_of(width) { bytes / width } else { u64::MAX };
    }
    let typed = match kind {
        DataType::Float => tensor.float_data.len(),
        DataType::Double => tensor.double_data.len(),
        DataType::Int64 => tensor.int64_data.len(),
        DataType::Uint32 | DataType::Uint64 => tensor.uint64_data.len(),
        _ => tensor.int32_data.len(),
    };
    typed as u64
}

fn has_nan(tensor: &TensorProto, kind: DataType) -> bool {
    match kind {
        DataType::Float => {
            let (raw, _) = tensor.raw_data.as_chunks::<4>();
            raw.iter().any(|bytes| f32::from_le_bytes(*bytes).is_nan()) || tensor.float_data.iter().any(|x| x.is_nan())
        }
        DataType::Double => {
            let (raw, _) = tensor.raw_data.as_chunks::<8>();
            raw.iter().any(|bytes| f64::from_le_bytes(*bytes).is_nan()) || tensor.double_data.iter().any(|x| x.is_nan())
        }
        _ => false,
    }
}

/// ONNX wants every value to be given once, before it is read. So a graph that goes in a circle is found without
/// following it.
fn check_order<'a>(graph: &'a GraphProto, scopes: &mut Vec<HashSet<&'a str>>) -> Result<(), Error> {
    let given = graph.input.iter().map(|input| input.name.as_str());
    let given = given.chain(graph.initializer.iter().map(|tensor| tensor.name.as_str()));
    scopes.push(given.collect());
    let checked = graph.node.iter().try_for_each(|node| check_node(node, scopes));
    let checked = checked.and_then(|()| {
        graph.output.iter().map(|output| &output.name).try_for_each(|name| check_given(name, "the graph", scopes))
    });
    scopes.pop();
    checked
}

fn check_node<'a>(node: &'a NodeProto, scopes: &mut Vec<HashSet<&'a str>>) -> Result<(), Error> {
    for input in node.input.iter().filter(|input| !input.is_empty()) {
        check_given(input, &format!("node {:?} ({})", node.name, node.op_type), scopes)?;
    }
    for attribute in &node.attribute {
        attribute.g.iter().chain(&attribute.graphs).try_for_each(|graph| check_order(graph, scopes))?;
    }
    for output in node.output.iter().filter(|output| !output.is_empty()) {
        let fresh = scopes.last_mut().is_none_or(|scope| scope.insert(output));
        if !fresh {
            let what = format!("node {:?} gives {output:?}, which is given before", node.name);
            return Err(invalid(what, "export it again; `onnx.checker.check_model` tells more"));
        }
    }
    Ok(())
}

fn check_given(name: &str, reader: &str, scopes: &[HashSet<&str>]) -> Result<(), Error> {
    if scopes.iter().any(|scope| scope.contains(name)) {
        return Ok(());
    }
    let what =
        format!("{reader} reads {name:?}, which nothing before it gives; the graph goes in a circle or lacks a part");
    Err(invalid(what, "export it again; `onnx.checker.check_model` tells more"))
}
