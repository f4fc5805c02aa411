use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context as _;

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

/// Gives every line that is not blank to `take`, file after file, until it breaks.
pub(super) fn read_files(
    files: &[PathBuf],
    limit: usize,
    mut take: impl FnMut(Line) -> ControlFlow<()>,
) -> anyhow::Result<()> {
    for path in files {
        let file = path.display().to_string();
        let context = || format!("{file}: cannot be read");
        let mut reader: Box<dyn BufRead> = if file == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::new(File::open(path).with_context(context)?))
        };
        let mut number = 0;
        while let Some(bytes) = read_line(&mut *reader, limit).with_context(context)? {
            number += 1;
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if take(Line { file: file.clone(), number, bytes }).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads one line of at most `limit` + 1 bytes; the rest of a longer line is skipped, so that it
/// is refused for its length and costs no memory. `None` at the end.
fn read_line(reader: &mut dyn BufRead, limit: usize) -> io::Result<Option<Vec<u8>>> {
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
