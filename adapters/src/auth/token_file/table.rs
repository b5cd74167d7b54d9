//! The content of a token file.

use std::collections::HashMap;

use domain::{ParsePrincipalError, Principal};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 of a token. Tokens are long and random, so their hashes need neither salt nor stretching.
type Hash = [u8; 32];

/// The principals of a token file, each with the hash of its token.
#[derive(Debug, Default)]
pub(super) struct TokenTable(Vec<(Hash, Principal)>);

/// A token file with an invalid line. The line is not quoted: it may hold a token by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct ParseTokenFileError {
    /// The number of the line, from 1.
    pub line: usize,
    /// Why it is invalid.
    pub error: ParseEntryError,
}

/// Why a line is not an entry of a token file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseEntryError {
    /// The line has no colon.
    #[error("expected name:hash, as printed by `token new NAME`")]
    NoColon,
    /// The part before the colon is not the name of a principal.
    #[error(transparent)]
    Name(#[from] ParsePrincipalError),
    /// The part after the colon is not a hash.
    #[error("after the colon, expected the SHA-256 of the token, 64 hexadecimal digits")]
    Hash,
    /// Another line has the same token, so its holder would be ambiguous.
    #[error("the same token as in line {0}")]
    DuplicateToken(usize),
}

impl TokenTable {
    /// Parses one `name:hash` per line. Surrounding white space, empty lines and lines that start with `#` are ignored. A
    /// name may have several tokens, so that a token can be replaced without an interruption.
    pub(super) fn parse(text: &str) -> Result<Self, ParseTokenFileError> {
        let mut entries = Vec::new();
        let mut line_of_hash = HashMap::new();

        for (index, text) in text.lines().enumerate() {
            let (line, text) = (index + 1, text.trim());
            if text.is_empty() || text.starts_with('#') {
                continue;
            }

            let at_line = |error| ParseTokenFileError { line, error };
            let (hash, principal) = parse_entry(text).map_err(at_line)?;
            if let Some(first) = line_of_hash.insert(hash, line) {
                return Err(at_line(ParseEntryError::DuplicateToken(first)));
            }
            entries.push((hash, principal));
        }

        Ok(Self(entries))
    }

    /// The principal that holds this token. Compares the token with every entry, each in constant time, so that the time
    /// taken reveals nothing.
    pub(super) fn holder(&self, token: &str) -> Option<&Principal> {
        let sent = Sha256::digest(token);
        let mut holder = None;

        for (hash, principal) in &self.0 {
            if bool::from(hash[..].ct_eq(&sent[..])) {
                holder = Some(principal);
            }
        }

        holder
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn parse_entry(text: &str) -> Result<(Hash, Principal), ParseEntryError> {
    let (name, hash) = text.split_once(':').ok_or(ParseEntryError::NoColon)?;
    let principal = name.parse()?;
    let mut bytes = Hash::default();
    // `const_hex` would skip `0x`.
    if hash.len() != 2 * bytes.len() {
        return Err(ParseEntryError::Hash);
    }
    const_hex::decode_to_slice(hash, &mut bytes).map_err(|_| ParseEntryError::Hash)?;

    Ok((bytes, principal))
}

/// The line for this principal and token.
pub(super) fn entry(principal: &Principal, token: &str) -> String {
    format!("{principal}:{}", const_hex::encode(Sha256::digest(token)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `printf %s secret | sha256sum`
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn token_belongs_to_the_principal_of_its_line() {
        let text = format!(
            "# clients\n\n  alice:{}\r\nbob@x.org:{}\n",
            SECRET.to_uppercase(),
            "0".repeat(64)
        );
        let table = TokenTable::parse(&text).expect("a token file");

        assert_eq!(table.holder("secret").map(Principal::as_str), Some("alice"));
        for other in ["", "Secret", "secret ", SECRET] {
            assert_eq!(table.holder(other), None, "{other}");
        }
    }

    #[test]
    fn error_has_the_line_number_and_quotes_nothing() {
        let twice = format!("\na:{SECRET}\nb:{SECRET}");

        for (text, expected) in [
            ("# fine\na-secret", "line 2: expected name:hash"),
            (&format!("a b:{SECRET}"), "line 1: a name is 1 to 64"),
            (&format!(":{SECRET}"), "line 1: a name is 1 to 64"),
            ("alice:a-secret", "line 1: after the colon, expected"),
            (
                &format!("alice:{}", &SECRET[1..]),
                "line 1: after the colon, expected",
            ),
            (&format!("alice:{SECRET}0"), "line 1: after the colon, expected"),
            (&format!("alice:0x{SECRET}"), "line 1: after the colon, expected"),
            (&twice, "line 3: the same token as in line 2"),
        ] {
            let error = TokenTable::parse(text).expect_err(text).to_string();
            assert!(
                error.starts_with(expected) && !error.contains("secret"),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_rejected_with_a_line_number(
            text in "\\PC{0,40}|([a-z#: ]{0,3}[0-9a-fA-Fé]{63,65}\\s?){0,3}",
        ) {
            if let Err(error) = TokenTable::parse(&text) {
                prop_assert!((1..=text.lines().count()).contains(&error.line));
            }
        }

        #[test]
        fn listed_tokens_have_their_holder_and_other_tokens_none(
            principals in proptest::collection::btree_map("[!-~]{1,50}", "[A-Za-z0-9._@-]{1,64}", 0..8),
            other in "\\PC{0,50}",
        ) {
            let text: String = principals
                .iter()
                .map(|(token, name)| entry(&name.parse::<Principal>().expect("a name"), token) + "\n")
                .collect();
            let table = TokenTable::parse(&text).expect("a token file");

            prop_assert_eq!(table.len(), principals.len());
            for (token, name) in &principals {
                prop_assert_eq!(table.holder(token).map(Principal::as_str), Some(&**name));
            }
            prop_assert_eq!(table.holder(&other).is_some(), principals.contains_key(&other));
        }
    }
}
