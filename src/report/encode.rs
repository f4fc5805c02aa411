use super::Report;
use super::schema::{WireAttachment, WireContent, WireReport};

/// Writes a report as the JSON of the input schema, words included. [`super::decode()`] reads it back
/// as the same report, without its warnings.
#[expect(clippy::missing_panics_doc, reason = "it cannot fail, as the line with `expect` says")]
pub fn encode(report: &Report) -> String {
    let attachments: Vec<_> = report
        .attachments
        .iter()
        .map(|attachment| WireAttachment { uri: &attachment.uri, media_type: attachment.media_type.as_deref() })
        .collect();
    let wire = WireReport {
        id: &report.id,
        revision: Some(report.revision),
        submitted_at: report.submitted_at.map(|time| time.to_string()),
        description: report.description.as_deref(),
        content: report.content.as_ref().map(|content| WireContent {
            text: content.text.as_deref(),
            url: content.url.as_deref(),
            platform: content.platform.as_deref(),
        }),
        category: report.category.as_deref(),
        role: report.role.map(super::Role::as_str),
        identity: report.identity.map(super::Identity::as_str),
        country: report.country.as_deref(),
        language: report.language.as_deref(),
        attachments: Some(attachments).filter(|attachments| !attachments.is_empty()),
    };
    #[expect(clippy::expect_used, reason = "strings and whole numbers in structs always serialise")]
    serde_json::to_string(&wire).expect("the wire types hold only strings and whole numbers")
}
