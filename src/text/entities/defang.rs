//! Forms for display that no mail program or browser turns into a link.

/// An address with its schemes and the dots of its hosts taken apart.
pub(super) fn url(address: &str) -> String {
    let mut out = String::with_capacity(address.len() + 8);
    let mut rest = address;
    loop {
        let (before, after) = match rest.find("://") {
            Some(at) => rest.split_at(at + 3),
            None => ("", rest),
        };
        out.push_str(&scheme(before));
        let host = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (host, tail) = after.split_at(host);
        out.push_str(&host.replace('.', "[.]"));
        if !tail.contains("://") {
            out.push_str(tail);
            return out;
        }
        rest = tail;
    }
}

/// Text that ends with `scheme://`, the scheme in its harmless form.
fn scheme(before: &str) -> String {
    let name = before.trim_end_matches("://");
    let lower = name.to_ascii_lowercase();
    for (live, harmless) in [("https", "hxxps"), ("http", "hxxp"), ("ftp", "fxp")] {
        if let Some(kept) = lower.strip_suffix(live) {
            let kept = name.get(..kept.len()).unwrap_or_default();
            return format!("{kept}{harmless}://");
        }
    }
    before.to_owned()
}

/// An e-mail address with its `@` and the dots of its domain taken apart.
pub(super) fn email(local: &str, domain: &str) -> String {
    format!("{local}[at]{}", domain.replace('.', "[.]"))
}

/// An account name with its `@` taken apart.
pub(super) fn handle(name: &str) -> String {
    format!("[at]{name}")
}

/// A card number by its last four digits.
pub(super) fn card(digits: &str) -> String {
    let last = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default();
    format!("**** {last}")
}
