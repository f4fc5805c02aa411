//! The HTML page: complete in itself, well formed, and readable by those who do not see it.

use crate::command::{test_side, without_speed};

const VOID: [&str; 6] = ["meta", "path", "circle", "rect", "link", "br"];

/// Names of all tags, after checking that each is closed in its order.
fn tags(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let body = page.strip_prefix("<!doctype html>\n").unwrap();
    for piece in body.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("a tag is not closed: {piece}"));
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else {
            if !VOID.contains(&name) {
                open.push(name.to_owned());
            }
            found.push(tag.to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

#[test]
fn the_page_is_as_reviewed() {
    insta::assert_snapshot!(without_speed(&test_side(&["--output", "html"])));
}

#[test]
fn the_page_needs_nothing_else_and_says_its_plots_in_words() {
    let page = test_side(&["--output", "html", "--show-text"]);
    let tags = tags(&page);
    let named = |name: &str| tags.iter().filter(|tag| tag.split_whitespace().next() == Some(name)).collect::<Vec<_>>();
    assert!(page.contains("<html lang=\"en\">"));
    for foreign in ["<script", "http:", "https:", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(!named("svg").is_empty());
    assert!(named("svg").iter().all(|svg| svg.contains("role=\"img\"") && svg.contains("aria-label=\"")));
    assert!(named("th").iter().all(|head| head.contains("scope=\"")));
    assert_eq!(named("h1").len(), 1);
    assert!(named("dd").iter().all(|text| text.contains("dir=\"auto\"")));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn what_a_report_says_is_text_and_no_markup() {
    let report = r#"{"id":"<i>1","description":"<script>alert(1)</script> & \"x\"","labels":["fraud"],"urgency":"U0"}"#;
    // Graded less urgent than it should be, the report is among those listed.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("reports.jsonl");
    std::fs::write(&file, report).unwrap();
    let page = crate::command::shown(&[file.to_str().unwrap(), "--output", "html", "--show-text", "--support", "1"]);
    tags(&page);
    assert!(!page.contains("<script") && !page.contains("<i>"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp;"));
}
