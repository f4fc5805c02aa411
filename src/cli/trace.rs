//! The W3C trace context of a report, handed on to the messages about it.

/// Kafka headers.
type Headers = [(String, Option<Vec<u8>>)];

/// Longest `tracestate` that is handed on (W3C Trace Context, section 3.3.1.5).
const LONGEST_STATE: usize = 512;

/// The headers to be handed on unchanged: `traceparent` where there is one and it is well formed, and
/// then `tracestate` too (W3C Trace Context, sections 3.2 and 3.3).
pub(super) fn context(headers: &Headers) -> Vec<(String, Option<Vec<u8>>)> {
    let mut parents = named(headers, "traceparent");
    let (Some(parent), None) = (parents.next(), parents.next()) else {
        return Vec::new();
    };
    if !is_parent(parent) {
        return Vec::new();
    }
    let mut context = vec![("traceparent".to_owned(), Some(parent.to_vec()))];
    let states: Vec<&[u8]> = named(headers, "tracestate").collect();
    let state = states.join(&b',');
    let printable = state.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    if !state.is_empty() && state.len() <= LONGEST_STATE && printable {
        context.push(("tracestate".to_owned(), Some(state)));
    }
    context
}

fn named<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let found = headers.iter().filter(move |(header, _)| header.eq_ignore_ascii_case(name));
    found.filter_map(|(_, value)| value.as_deref())
}

/// `version-traceid-parentid-flags` in lower-case hexadecimal, neither id all zeros. A later version
/// may go on after a further hyphen.
fn is_parent(value: &[u8]) -> bool {
    let Some((known, rest)) = value.split_at_checked(55) else {
        return false;
    };
    let fields: Vec<&[u8]> = known.split(|byte| *byte == b'-').collect();
    let [version, trace, parent, flags] = fields.as_slice() else {
        return false;
    };
    let hex = |field: &[u8], length| {
        field.len() == length && field.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let nonzero = |field: &[u8]| field.iter().any(|byte| *byte != b'0');
    let shape = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let tail = if *version == b"00" { rest.is_empty() } else { rest.is_empty() || rest.starts_with(b"-") };
    shape && *version != b"ff" && nonzero(trace) && nonzero(parent) && tail
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(list: &[(&str, &str)]) -> Vec<(String, Option<Vec<u8>>)> {
        list.iter().map(|&(name, value)| (name.to_owned(), Some(value.as_bytes().to_vec()))).collect()
    }

    #[test]
    fn a_well_formed_context_is_handed_on_unchanged() {
        let given = headers(&[("Traceparent", PARENT), ("x", "y"), ("tracestate", "a=1"), ("tracestate", "b=2")]);
        assert_eq!(context(&given), headers(&[("traceparent", PARENT), ("tracestate", "a=1,b=2")]));
        let later = format!("cc{}-what-comes", PARENT.strip_prefix("00").unwrap());
        assert_eq!(context(&headers(&[("traceparent", &later)])).len(), 1);
    }

    #[test]
    fn anything_else_is_left_out() {
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033311-01",
            "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
        ] {
            assert_eq!(context(&headers(&[("traceparent", bad), ("tracestate", "a=1")])), [], "{bad}");
        }
        assert_eq!(context(&headers(&[("traceparent", PARENT), ("traceparent", PARENT)])), []);
        assert_eq!(context(&headers(&[("tracestate", "a=1")])), []);
        let long = "a".repeat(LONGEST_STATE + 1);
        for state in [long.as_str(), "a=\u{e9}", "a=1\r\nx: y"] {
            let given = headers(&[("traceparent", PARENT), ("tracestate", state)]);
            assert_eq!(context(&given), headers(&[("traceparent", PARENT)]));
        }
        assert_eq!(context(&[("traceparent".to_owned(), None)]), []);
    }
}
