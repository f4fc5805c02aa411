//! Tables of `docs/text.md` that a test makes.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

/// Compares what stands between the two marks of this name with `table`; `IBALEG_BLESS=1` writes it.
pub(crate) fn section(name: &str, table: &str, test: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/text.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = page.find(&open).expect("the page has the mark") + open.len();
    let end = start + page[start..].find(&close).expect("the mark is closed");
    if std::env::var_os("IBALEG_BLESS").is_some() {
        std::fs::write(path, format!("{}{table}{}", &page[..start], &page[end..])).unwrap();
    } else {
        assert_eq!(&page[start..end], table, "IBALEG_BLESS=1 cargo test --release --test {test} writes it");
    }
}
