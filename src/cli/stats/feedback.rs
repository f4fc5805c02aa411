use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Context as _;

use super::Output;
use crate::cli::lines::read_files;
use crate::feedback::{Feedback, Findings, Quality};

/// Bytes of a line, at most.
const LONGEST_LINE: usize = 1 << 20;

/// Feedback from a file, one record a line; also how many lines are none.
#[expect(clippy::print_stderr, reason = "bad lines are told on standard error, figures go to standard output")]
pub(super) fn read(path: &Path) -> anyhow::Result<(Findings, u64)> {
    let mut findings = Findings::default();
    let mut bad = 0;
    read_files(&[path.to_owned()], LONGEST_LINE, |line| {
        match Feedback::parse(&line.bytes) {
            Ok(feedback) => findings.add(feedback),
            Err(error) => {
                bad += 1;
                eprintln!("{}, line {}: not counted: {error}", line.file, line.number);
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok((findings, bad))
}

pub(super) fn show(quality: &Quality, output: Output) -> anyhow::Result<String> {
    match output {
        Output::Table => Ok(table(quality)),
        Output::Json => {
            Ok(format!("{}\n", serde_json::to_string(quality).context("the figures cannot be written as JSON")?))
        }
        Output::Csv => csv(quality),
    }
}

fn table(quality: &Quality) -> String {
    let Quality { reports, feedback, judged, duplicates, unmatched, floor, .. } = quality;
    let mut text = format!(
        "{feedback} of {reports} reports have feedback: {judged} judged, {duplicates} duplicates, {unmatched} without a prediction\n\
         figures of fewer than {floor} reports are left out\n"
    );
    let name = |by: &str, slice: &str| format!("{by} {slice}").trim_end().to_owned();
    text.push_str("\nagreement: the flagged labels are exactly those that apply\n");
    for row in &quality.agreement {
        let share = 100.0 * row.share;
        let _ = writeln!(text, "  {:<40}{:>8} of {:<8}{share:5.1} %", name(&row.by, &row.slice), row.agree, row.judged);
    }
    text.push_str("\nprecision: of the reports with the label flagged, those to which it applies\n");
    for row in &quality.precision {
        let share = 100.0 * row.share;
        let name = format!("{}, {}", row.label, name(&row.by, &row.slice));
        let _ =
            writeln!(text, "  {name:<40}{:>8} of {:<8}{share:5.1} %, {} missed", row.right, row.flagged, row.missed);
    }
    text
}

fn csv(quality: &Quality) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["figure", "label", "by", "slice", "count", "of", "missed"])?;
    for row in &quality.agreement {
        let (agree, judged) = (row.agree.to_string(), row.judged.to_string());
        writer.write_record(["agreement", "", &row.by, &row.slice, &agree, &judged, ""])?;
    }
    for row in &quality.precision {
        let (right, flagged, missed) = (row.right.to_string(), row.flagged.to_string(), row.missed.to_string());
        writer.write_record(["precision", &row.label, &row.by, &row.slice, &right, &flagged, &missed])?;
    }
    let bytes = writer.into_inner().context("the rows cannot be written as CSV")?;
    String::from_utf8(bytes).context("the rows cannot be written as CSV")
}
