//! The same tables as one HTML page with plots: complete in itself, without script, readable without colour.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::document::{Document, Texts};
use super::sheet::Sheet;
use super::{difference, figures, plot};

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn page(document: &Document) -> String {
    let mut body = String::new();
    let side = document.input.side.as_ref().map_or_else(String::new, |side| format!(", side {side}"));
    let _ = write!(
        body,
        "<h1>Evaluation of ibaleg</h1>\n<p>{} reports of {}{}. Bad lines: {}.</p>\n",
        document.input.reports,
        escape(&document.input.files.join(", ")),
        escape(&side),
        document.bad_lines.len()
    );
    if let (Some(comparison), [a, b]) = (&document.comparison, document.classifiers.as_slice()) {
        let _ = writeln!(body, "<h2>A: {} against B: {}</h2>", escape(&a.model), escape(&b.model));
        body.extend(difference::sheets(comparison, a, b).iter().map(table));
    }
    for (classifier, mark) in document.classifiers.iter().zip(["A", "B"]) {
        let mark = if document.classifiers.len() > 1 { format!("{mark}: ") } else { String::new() };
        let digest: String = classifier.model_digest.chars().take(12).collect();
        let _ = writeln!(body, "<h2>{mark}{} <small>{}</small></h2>", escape(&classifier.model), escape(&digest));
        body.extend(figures::sheets(classifier).iter().map(table));
        for (title, plots) in [
            ("Precision over recall", plot::precision_recall(&classifier.figures)),
            ("Reliability", plot::reliability(&classifier.figures)),
            ("Average precision by language", plot::by_language(&classifier.figures)),
        ] {
            let _ = write!(body, "<h3>{title}</h3>\n<div class=\"plots\">\n{plots}</div>\n");
        }
    }
    body.extend(document.texts.iter().map(texts));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Evaluation of ibaleg</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// Text as part of a page or of an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn table(sheet: &Sheet) -> String {
    let title = escape(&sheet.title);
    let mut html = format!("<h3>{title}</h3>\n<p>{}</p>\n", escape(&sheet.note));
    // A wide table scrolls by itself, and can be reached and scrolled from the keyboard.
    let _ = write!(
        html,
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{title}\">\n<table>\n<thead><tr>"
    );
    let class = |words: bool| if words { "" } else { " class=\"n\"" };
    for column in &sheet.head {
        let _ = write!(html, "<th scope=\"col\"{}>{}</th>", class(column.words), escape(&column.name));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &sheet.rows {
        html.push_str("<tr>");
        for (place, (cell, column)) in row.iter().zip(&sheet.head).enumerate() {
            let cell = escape(cell);
            let _ = match place {
                0 => write!(html, "<th scope=\"row\">{cell}</th>"),
                _ => write!(html, "<td{}>{cell}</td>", class(column.words)),
            };
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody>\n</table>\n</div>\n"
}

/// Texts run in their own direction: Arabic from the right.
fn texts(texts: &BTreeMap<String, Texts>) -> String {
    let mut html = String::from("<h2>Texts of the reports listed</h2>\n<dl>\n");
    for (id, texts) in texts {
        let _ = writeln!(html, "<dt>{}</dt>", escape(id));
        for text in texts.present() {
            let _ = writeln!(html, "<dd dir=\"auto\">{}</dd>", escape(text));
        }
    }
    html + "</dl>\n"
}
