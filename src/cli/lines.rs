use std::io::{self, BufRead};

/// One line of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// File it came from; `-` for standard input.
    pub(super) file: String,
    /// Number in its file, from 1.
    pub(super) number: u64,
    /// Bytes without the line end, at most the limit plus one.
    pub(super) bytes: Vec<u8>,
}

/// Reads one line of at most `limit` + 1 bytes; the rest of a longer line is skipped, so that it
/// is refused for its length and costs no memory. `None` at the end.
pub(super) fn read_line(reader: &mut dyn BufRead, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any.then_some(line));
        }
        any = true;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let used = end.unwrap_or(buffer.len());
        let room = (limit + 1).saturating_sub(line.len());
        line.extend_from_slice(&buffer[..used.min(room)]);
        reader.consume(end.map_or(used, |end| end + 1));
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::read_line;

    #[test]
    fn long_lines_are_cut_and_the_next_one_is_whole() {
        let text = b"abc\r\n0123456789\n\nlast";
        let mut reader = BufReader::with_capacity(3, &text[..]);
        let mut next = || read_line(&mut reader, 4).unwrap();
        assert_eq!(next(), Some(b"abc".to_vec()));
        assert_eq!(next(), Some(b"01234".to_vec()));
        assert_eq!(next(), Some(Vec::new()));
        assert_eq!(next(), Some(b"last".to_vec()));
        assert_eq!(next(), None);
    }
}
