//! The compiled graph and the state that runs it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tract_onnx::prelude::{
    Framework as _, InferenceModelExt as _, IntoRunnable as _, IntoTValue as _, TValue, TVec, Tensor, TractResult,
    TypedRunnableModel, TypedSimpleState,
};

use super::error::Error;
use super::files::MODEL;
use super::onnx::{Checked, Column, LOGITS, operators};
use super::windows::Row;

/// A model compiled once for every batch size and length.
pub(super) struct Graph {
    plan: Arc<TypedRunnableModel>,
    columns: Vec<Column>,
    /// Which outputs of the plan are `logits` and `token_scores`.
    logits: usize,
    token_scores: Option<usize>,
    /// The operator of each node of the file.
    names: HashMap<String, String>,
}

/// What one run gives: `logits` is rows × labels, `token_scores` rows × width × labels.
pub(super) struct RawScores {
    pub(super) logits: Vec<f32>,
    pub(super) token_scores: Option<Vec<f32>>,
    pub(super) labels: usize,
}

/// Rows of one width. Shorter rows are filled up with masked padding.
#[derive(Debug)]
pub(super) struct Batch {
    rows: usize,
    pub(super) width: usize,
    ids: Vec<i64>,
    mask: Vec<i64>,
    types: Vec<i64>,
}

impl Batch {
    pub(super) fn new<'a>(rows: impl Iterator<Item = &'a Row>, width: usize, padding: u32) -> Self {
        let mut batch = Self { rows: 0, width, ids: vec![], mask: vec![], types: vec![] };
        for row in rows {
            batch.rows += 1;
            let end = batch.rows * width;
            batch.ids.extend(row.ids.iter().map(|&id| i64::from(id)));
            batch.mask.resize(batch.ids.len(), 1);
            batch.types.extend(row.types.iter().map(|&kind| i64::from(kind)));
            batch.ids.resize(end, i64::from(padding));
            batch.mask.resize(end, 0);
            batch.types.resize(end, 0);
        }
        batch
    }

    fn column(&self, column: Column) -> TractResult<TValue> {
        let values = match column {
            Column::Ids => &self.ids,
            Column::Mask => &self.mask,
            Column::Types => &self.types,
        };
        Ok(Tensor::from_shape(&[self.rows, self.width], values)?.into_tvalue())
    }
}

impl Graph {
    pub(super) fn compile(checked: Checked) -> Result<Self, Error> {
        let Checked { proto, columns, has_token_scores, .. } = checked;
        let names = proto.graph.iter().flat_map(|graph| &graph.output).map(|output| &output.name);
        let logits = names.clone().position(|name| name == LOGITS).unwrap_or(0);
        let token_scores = has_token_scores.then(|| usize::from(logits == 0));
        // What a file says of values inside the graph is often wrong for other batch sizes than the exporter's.
        let compile = || -> TractResult<Arc<TypedRunnableModel>> {
            tract_onnx::onnx()
                .with_ignore_value_info(true)
                .model_for_proto_model(&proto)?
                .into_typed()?
                .into_decluttered()?
                .into_optimized()?
                .into_runnable()
        };
        let names: HashMap<String, String> = proto
            .graph
            .iter()
            .flat_map(|graph| &graph.node)
            .map(|node| (node.name.clone(), node.op_type.clone()))
            .collect();
        let plan = contain(compile).map_err(|message| {
            if let Some((node, kind)) = culprit(&message, &names) {
                let what = format!("operator {kind} (node {node:?}) cannot be compiled: {message}");
                return Error::invalid(MODEL, what, operators::advice(kind));
            }
            let what = format!("it cannot be compiled: {message}");
            Error::invalid(MODEL, what, "export in float32 with `--opset 17` and dynamic axes")
        })?;
        Ok(Self { plan, columns, logits, token_scores, names })
    }

    pub(super) fn gives_token_scores(&self) -> bool {
        self.token_scores.is_some()
    }

    /// What to export instead where a run failed on one operator; `other` where the message names none.
    pub(super) fn advice(&self, error: &Error, other: &'static str) -> &'static str {
        let Error::Run(message) = error else { return other };
        culprit(message, &self.names).map_or(other, |(_, kind)| operators::advice(kind))
    }
}

/// Runs a [`Graph`]; for one thread.
pub(super) struct Runner {
    graph: Arc<Graph>,
    state: Option<TypedSimpleState>,
}

impl Runner {
    pub(super) fn new(graph: Arc<Graph>) -> Self {
        Self { graph, state: None }
    }

    pub(super) fn run(&mut self, batch: &Batch) -> Result<RawScores, Error> {
        // A state that failed keeps the sizes of that run and would refuse the next: it goes, and a new one comes.
        let state = self.state.take();
        let graph = &self.graph;
        let (state, raw) = contain(move || {
            let mut state = match state {
                Some(state) => state,
                None => graph.plan.spawn()?,
            };
            let inputs: TVec<TValue> =
                graph.columns.iter().map(|&column| batch.column(column)).collect::<TractResult<_>>()?;
            let outputs = state.run(inputs)?;
            Ok((state, read(graph, batch, &outputs)?))
        })
        .map_err(Error::Run)?;
        self.state = Some(state);
        Ok(raw)
    }
}

fn read(graph: &Graph, batch: &Batch, outputs: &[TValue]) -> TractResult<RawScores> {
    let values = |index: usize| -> TractResult<Vec<f32>> {
        let output = outputs.get(index).ok_or_else(|| failure("an output is missing"))?;
        Ok(output.view().as_slice::<f32>()?.to_vec())
    };
    let logits = values(graph.logits)?;
    let shape = outputs.get(graph.logits).map_or(&[][..], |output| output.shape());
    let &[rows, labels] = shape else {
        return Err(failure("logits are not [batch, labels]"));
    };
    let token_scores = graph.token_scores.map(values).transpose()?;
    let per_token = token_scores.as_ref().map_or(rows * batch.width * labels, Vec::len);
    if rows != batch.rows || per_token != rows * batch.width * labels {
        return Err(failure("an output does not have one entry for each text and token"));
    }
    Ok(RawScores { logits, token_scores, labels })
}

/// The node that a message of the runtime names first, and its operator in the file.
fn culprit<'a>(message: &'a str, names: &'a HashMap<String, String>) -> Option<(&'a str, &'a str)> {
    let mut quoted = message.split('"').skip(1).step_by(2);
    quoted.find_map(|name| Some((name, names.get(name)?.as_str())))
}

fn failure(message: &'static str) -> tract_onnx::prelude::TractError {
    tract_onnx::prelude::TractError::msg(message)
}

/// Most characters of a message from the runtime, which may print whole nodes.
const MESSAGE_LIMIT: usize = 400;

/// Runs tract so that neither an error nor a panic of its own leaves this room.
fn contain<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{error:#}").chars().take(MESSAGE_LIMIT).collect()),
        Err(panic) => {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
            let message = message.unwrap_or("no message");
            Err(format!("it panicked: {message}").chars().take(MESSAGE_LIMIT).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::LoadLimits;
    use super::super::onnx;
    use super::*;

    fn bert() -> Arc<Graph> {
        let bytes = include_bytes!("../../tests/model/bert/model.onnx");
        Arc::new(Graph::compile(onnx::check(bytes, &LoadLimits::default()).unwrap()).unwrap())
    }

    fn row(ids: &[u32]) -> Row {
        Row { ids: ids.to_vec(), types: vec![0; ids.len()], sources: vec![None; ids.len()] }
    }

    #[test]
    fn a_run_that_fails_or_panics_leaves_no_trace_in_the_next() {
        let mut runner = Runner::new(bert());
        let good = Batch::new([row(&[2, 7, 3])].iter(), 8, 0);
        let before = runner.run(&good).unwrap().logits;
        // An id beyond the embeddings panics, a width beyond the positions errs or panics, and so does no width.
        for bad in [
            Batch::new([row(&[2, 5_000_000])].iter(), 16, 0),
            Batch::new([row(&[2]), row(&[3])].iter(), 400, 0),
            Batch::new([row(&[])].iter(), 0, 0),
        ] {
            assert!(matches!(runner.run(&bad), Err(Error::Run(_))));
            let wide = Batch::new([row(&[2, 7, 3])].iter(), 24, 0);
            assert!(runner.run(&wide).is_ok());
            assert_eq!(runner.run(&good).unwrap().logits, before);
        }
    }

    #[test]
    fn messages_of_a_panic_are_kept_short() {
        let message = contain::<()>(|| panic!("{}", "x".repeat(5000))).unwrap_err();
        assert_eq!(message.chars().count(), MESSAGE_LIMIT);
    }
}
