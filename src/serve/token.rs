use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Environment variable that holds the token; it wins over the file.
const VARIABLE: &str = "IBALEG_SERVE_TOKEN";

/// Shortest token that is taken.
const SHORTEST: usize = 16;

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("serve.token_file = {path}: cannot be read ({source})", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The token is too short to be a secret.
    #[error(
        "the token in {place} has {length} characters; use at least {SHORTEST}, such as from `openssl rand -hex 32`"
    )]
    Short {
        /// File or environment variable.
        place: String,
        /// Its length.
        length: usize,
    },
}

/// What requests that change something must bear. Only its digest is kept, and digests are compared:
/// the time a comparison takes says nothing about the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

impl Token {
    /// The token of the environment, else of the file; `None` when neither is given.
    pub fn find(file: &Path) -> Result<Option<Self>, Error> {
        if let Ok(token) = std::env::var(VARIABLE) {
            return Self::new(VARIABLE, &token).map(Some);
        }
        if file.as_os_str().is_empty() {
            return Ok(None);
        }
        let token = std::fs::read_to_string(file);
        let token = token.map_err(|source| Error::Read { path: file.to_owned(), source })?;
        Self::new(&file.display().to_string(), &token).map(Some)
    }

    fn new(place: &str, token: &str) -> Result<Self, Error> {
        let token = token.trim();
        let length = token.chars().count();
        if length < SHORTEST {
            return Err(Error::Short { place: place.to_owned(), length });
        }
        Ok(Self(Sha256::digest(token.as_bytes()).into()))
    }

    /// Whether the value of an `Authorization` header bears it (RFC 6750, section 2.1).
    pub(super) fn allows(&self, authorization: &[u8]) -> bool {
        let Some((scheme, token)) = authorization.split_at_checked("bearer ".len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer ") && <[u8; 32]>::from(Sha256::digest(token.trim_ascii())) == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_allowed() {
        let token = Token::new("x", " 0123456789abcdef\n").unwrap();
        for good in ["Bearer 0123456789abcdef", "bearer  0123456789abcdef "] {
            assert!(token.allows(good.as_bytes()), "{good}");
        }
        for bad in ["", "Bearer", "Bearer ", "Bearer 0123456789abcdeF", "Basic 0123456789abcdef", "0123456789abcdef"] {
            assert!(!token.allows(bad.as_bytes()), "{bad}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn a_short_token_is_refused_with_its_place() {
        let error = Token::new("secrets/token", "short").unwrap_err().to_string();
        assert!(error.contains("secrets/token") && error.contains('5') && !error.contains("short\""), "{error}");
        assert!(Token::find("no/such/file".as_ref()).unwrap_err().to_string().contains("serve.token_file"));
    }
}
