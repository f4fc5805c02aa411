//! Tokens: addresses, handles, e-mails, wallets and IBANs.
//!
//! A token is a run of ASCII letters, digits and `. _ - + @`. Hard delimiters end everything.

use std::ops::Range;

use super::address::{host_len, is_hard, starts_with_scheme, trim_address};
use super::tables::SCHEMES;
use super::{Entity, EntityKind, Reading, bank, defang, wallet};
use crate::text::disguise::is_suspect;

/// Entities found in the tokens of `text`, ascending and apart.
pub(super) fn scan(text: &str, reading: Reading) -> Vec<Entity> {
    let mut scanner = Scanner { text, found: Vec::new() };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| is_token(*byte))) {
        let start = at + offset;
        let (end, marks) = token_end(bytes, start);
        let worth =
            marks || end - start >= wallet::MIN_LEN || bytes.get(end) == Some(&b':') || starts_as_iban(bytes, start);
        at = match worth {
            false => end,
            true if reading == Reading::Cleaned && in_disguise(text, start..end) => scanner.accounts(start..end),
            true => scanner.token(start..end).max(end),
        };
    }
    scanner.found
}

/// Whether a letter that may be a look-alike touches `token`: then all but its accounts, which may
/// depend on case, is decided folded.
fn in_disguise(text: &str, token: Range<usize>) -> bool {
    let before = text.get(..token.start).and_then(|before| before.chars().next_back());
    let after = text.get(token.end..).and_then(|after| after.chars().next());
    before.is_some_and(is_suspect) || after.is_some_and(is_suspect)
}

/// End of the token from `at` on, and whether there is more than letters and digits in it.
fn token_end(bytes: &[u8], at: usize) -> (usize, bool) {
    let rest = bytes.get(at..).unwrap_or_default();
    let len = rest.iter().position(|byte| !is_token(*byte)).unwrap_or(rest.len());
    let token = rest.get(..len).unwrap_or_default();
    (at + len, !token.iter().all(u8::is_ascii_alphanumeric))
}

fn starts_as_iban(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 2).is_some_and(u8::is_ascii_digit) && bytes.get(at + 3).is_some_and(u8::is_ascii_digit)
}

/// Whether `byte` belongs to a token.
pub(super) fn is_token(byte: u8) -> bool {
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0_u8;
        while byte < 0x80 {
            table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'@');
            byte += 1;
        }
        table
    };
    TOKEN[usize::from(byte)]
}

struct Scanner<'a> {
    text: &'a str,
    found: Vec<Entity>,
}

impl Scanner<'_> {
    /// Decides one token; where the scan goes on, which is inside it only if an entity ends there.
    fn token(&mut self, token: Range<usize>) -> usize {
        if let Some(start) = self.scheme_start(&token) {
            let first = self.text.get(token.end + 3..).and_then(|rest| rest.chars().next());
            if first.is_some_and(char::is_alphanumeric) {
                let end = self.address_end(token.end + 3);
                self.parts(token.start..start, false);
                self.push(EntityKind::Url, start..end, defang::url);
                return end;
            }
        }
        self.parts(token, true)
    }

    /// Where a scheme starts that ends `token`, if `://` follows it.
    fn scheme_start(&self, token: &Range<usize>) -> Option<usize> {
        let follows = self.text.as_bytes().get(token.end..)?.starts_with(b"://");
        let text = self.text.get(token.clone()).filter(|_| follows)?.as_bytes();
        SCHEMES.iter().find_map(|scheme| {
            let tail = text.get(text.len().checked_sub(scheme.len())?..)?;
            tail.eq_ignore_ascii_case(scheme.as_bytes()).then(|| token.end - scheme.len())
        })
    }

    /// The parts of a token between its `@`; `open` tells whether what follows the token may
    /// belong to it.
    fn parts(&mut self, token: Range<usize>, open: bool) -> usize {
        let mut left = token.start;
        let mut at = token.start;
        while let Some(sign) = self.find_at(at, token.end) {
            let right = sign + 1..self.find_at(sign + 1, token.end).unwrap_or(token.end);
            if let Some(email) = self.email(left, sign, &right) {
                self.plain(left..email.start, false);
                let (start, end) = (email.start, email.end);
                let defanged = defang::email(self.slice(start..sign), self.slice(sign + 1..end));
                self.found.push(Entity::new(EntityKind::Email, email, defanged));
                (left, at) = (end, end);
                continue;
            }
            let name = self.handle_end(&right, token.end, open);
            let placeholder = name.is_some_and(|end| self.slice(sign + 1..end) == "user");
            // In "x@y@z.com" the second sign makes the better entity.
            let next = right.end + 1..self.find_at(right.end + 1, token.end).unwrap_or(token.end);
            let shared = !placeholder && right.end < token.end && self.email(right.start, right.end, &next).is_some();
            self.plain(left..sign, false);
            let mentions = !shared && (left == sign || self.may_mention(left, sign));
            (left, at) = (sign + 1, sign + 1);
            if !mentions {
                continue;
            }
            if let Some(end) = name {
                if !placeholder {
                    self.push(EntityKind::Handle, sign..end, |text| defang::handle(text.get(1..).unwrap_or_default()));
                }
                if end > token.end {
                    return end;
                }
                (left, at) = (end, end);
            }
        }
        self.plain(left..token.end, open)
    }

    /// Whether an account name may follow the `@` at `sign`: after a letter it stands for one, as
    /// in `d@3esh`, unless an entity ends there.
    fn may_mention(&self, start: usize, sign: usize) -> bool {
        let before = self.slice(start..sign).bytes().next_back();
        let after_entity = self.found.last().is_some_and(|entity| entity.span.end == sign);
        after_entity || !before.is_some_and(|byte| byte.is_ascii_alphabetic())
    }

    fn find_at(&self, from: usize, end: usize) -> Option<usize> {
        let offset = self.text.as_bytes().get(from..end)?.iter().position(|byte| *byte == b'@')?;
        Some(from + offset)
    }

    /// The e-mail address around the `@` at `sign`, whose local part starts at `left` or later.
    fn email(&self, left: usize, sign: usize, right: &Range<usize>) -> Option<Range<usize>> {
        let local = self.slice(left..sign);
        let trimmed = local.trim_start_matches(['.', '_', '-', '+']);
        if trimmed.is_empty() {
            return None;
        }
        let domain = right.start..self.until_plus(right);
        let host = host_len(self.slice(domain.clone()), true)?;
        (host.start == 0).then(|| sign - trimmed.len()..domain.start + host.end)
    }

    /// End of the account name in `right`, letters of other scripts after an empty one included.
    fn handle_end(&self, right: &Range<usize>, token_end: usize, open: bool) -> Option<usize> {
        let name = right.start..self.until_plus(right);
        let text = self.slice(name.clone());
        if text.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            return Some(name.start + text.trim_end_matches(['.', '-']).len());
        }
        if !open || right.end < token_end || name.end < right.end || !text.is_empty() {
            return None;
        }
        let tail = self.text.get(right.start..)?;
        let len = tail.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(tail.len());
        let foreign = tail.get(..len)?.trim_end_matches(['.', '-']);
        (!foreign.is_empty()).then(|| right.start + foreign.len())
    }

    fn until_plus(&self, range: &Range<usize>) -> usize {
        range.start + self.slice(range.clone()).find('+').unwrap_or(range.len())
    }

    /// Text of a token without `@`: wallets, IBANs, bare addresses.
    fn plain(&mut self, range: Range<usize>, open: bool) -> usize {
        let mut start = range.start;
        while start < range.end {
            let end = self.until_plus(&(start..range.end));
            let last = self.piece(start..end, open && end == range.end);
            start = last.max(end) + 1;
            if last > range.end {
                return last;
            }
        }
        range.end
    }

    /// Text of a token without `@` and `+`.
    fn piece(&mut self, piece: Range<usize>, open: bool) -> usize {
        let mut start = piece.start;
        let mut from = piece.start;
        while let Some(run) = self.run(from, piece.end) {
            from = run.end;
            if let Some(account) = self.account(run, piece.end, open) {
                self.hosts(start..account.span.start, false);
                (start, from) = (account.span.end, account.span.end);
                self.found.push(account);
            }
        }
        if start > piece.end { start } else { self.hosts(start..piece.end, open) }
    }

    /// Wallets and IBANs alone.
    fn accounts(&mut self, token: Range<usize>) -> usize {
        let mut from = token.start;
        while let Some(run) = self.run(from, token.end) {
            from = run.end;
            if let Some(account) = self.account(run, token.end, true) {
                from = account.span.end;
                self.found.push(account);
            }
        }
        from.max(token.end)
    }

    /// The next run of letters and digits.
    fn run(&self, from: usize, end: usize) -> Option<Range<usize>> {
        let text = self.text.get(from..end)?;
        let start = text.find(|c: char| c.is_ascii_alphanumeric())?;
        let tail = text.get(start..)?;
        let len = tail.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tail.len());
        Some(from + start..from + start + len)
    }

    /// The wallet or IBAN that starts with `run`.
    fn account(&self, run: Range<usize>, end: usize, open: bool) -> Option<Entity> {
        let text = self.slice(run.clone());
        if wallet::is_wallet(text) {
            return Some(Entity::new(EntityKind::Wallet, run.clone(), text.to_owned()));
        }
        let view = if open { self.text } else { self.text.get(..end)? };
        let (span, defanged) = bank::iban_at(view, run)?;
        Some(Entity::new(EntityKind::Iban, span, defanged))
    }

    /// Bare addresses.
    fn hosts(&mut self, piece: Range<usize>, open: bool) -> usize {
        let ambiguous = self.admits_ambiguous(&piece, open);
        let mut at = piece.start;
        while let Some(host) = host_len(self.slice(at..piece.end), ambiguous) {
            let host = at + host.start..at + host.end;
            let end = if host.end == piece.end && open { self.path_end(host.end) } else { host.end };
            self.push(EntityKind::Url, host.start..end, defang::url);
            if end > piece.end {
                return end;
            }
            at = end;
        }
        piece.end
    }

    /// Whether a path follows the piece, so that any ending makes an address.
    fn admits_ambiguous(&self, piece: &Range<usize>, open: bool) -> bool {
        let bytes = self.text.as_bytes();
        open && bytes.get(piece.end) == Some(&b'/') && bytes.get(piece.end + 1).is_some_and(u8::is_ascii_alphanumeric)
    }

    /// End of the port, path, query and fragment after a host.
    fn path_end(&self, host_end: usize) -> usize {
        let bytes = self.text.as_bytes();
        let tail = bytes.get(host_end..).unwrap_or_default();
        let mut at = host_end;
        if tail.first() == Some(&b':') {
            let digits = tail.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
            let after = tail.get(1 + digits);
            if (1..=5).contains(&digits) && after.is_none_or(|byte| !is_token(*byte) && byte.is_ascii()) {
                at += 1 + digits;
            }
        }
        match bytes.get(at) {
            Some(b'/' | b'?' | b'#') => self.address_end(at).max(at),
            _ => at,
        }
    }

    /// End of an address from `from` on: up to a hard delimiter or a glued second address, less
    /// closing punctuation.
    fn address_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let mut end = rest.len();
        let mut previous = None;
        for (at, character) in rest.char_indices() {
            let glued = matches!(character, 'h' | 'H')
                && previous.is_some_and(|c: char| c.is_alphanumeric() || ".,;)'!*".contains(c))
                && starts_with_scheme(rest.get(at..).unwrap_or_default());
            if glued || is_hard(character) {
                end = at;
                break;
            }
            previous = Some(character);
        }
        from + trim_address(rest.get(..end).unwrap_or_default())
    }

    fn push(&mut self, kind: EntityKind, span: Range<usize>, defang: impl Fn(&str) -> String) {
        let defanged = defang(self.slice(span.clone()));
        self.found.push(Entity::new(kind, span, defanged));
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}
