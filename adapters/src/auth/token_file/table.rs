//! What such a file says, and what may stand in one.

use std::collections::HashMap;

use domain::{ParsePrincipalError, Principal};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 of a token. Tokens are long and random, so their hashes need neither salt nor stretching.
type Hash = [u8; 32];

/// Whom the file lets in.
#[derive(Debug, Default)]
pub(super) struct Entries(Vec<(Hash, Principal)>);

/// A line that cannot be used. Its content is left out: it may be a token that was put there by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadLine {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is no colon.
    #[error("it must be name:hash, as `templatesite token new NAME` prints it")]
    NoColon,
    /// What stands before the colon is no name.
    #[error(transparent)]
    Name(#[from] ParsePrincipalError),
    /// What stands behind the colon is no hash.
    #[error("behind the colon must be the token's SHA-256, 64 hexadecimal digits")]
    Hash,
    /// Nobody could tell who sent it.
    #[error("it is the token of line {0}")]
    Twice(usize),
}

impl Entries {
    /// One `name:hash` a line; white space around it does not count, nor do empty lines and those that begin with `#`.
    /// A name may have several tokens, so that one can take another's place without a gap.
    pub(super) fn parse(text: &str) -> Result<Self, BadLine> {
        let (mut entries, mut lines) = (Vec::new(), HashMap::new());
        for (line, text) in text
            .lines()
            .enumerate()
            .map(|(index, text)| (index + 1, text.trim()))
        {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let bad = |reason| BadLine { line, reason };
            let (name, hash) = text.split_once(':').ok_or(bad(Reason::NoColon))?;
            let writer = name.parse().map_err(|error| bad(Reason::Name(error)))?;
            let hash = from_hex(hash).ok_or(bad(Reason::Hash))?;
            if let Some(first) = lines.insert(hash, line) {
                return Err(bad(Reason::Twice(first)));
            }
            entries.push((hash, writer));
        }
        Ok(Self(entries))
    }

    /// Compares with every entry, whether or not one before it fits, and each in constant time.
    pub(super) fn holder(&self, token: &str) -> Option<&Principal> {
        let sent = Sha256::digest(token);
        let mut holder = None;
        for (hash, writer) in &self.0 {
            if bool::from(hash[..].ct_eq(&sent[..])) {
                holder = Some(writer);
            }
        }
        holder
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The line that lets the holder of a token in.
pub(super) fn line(writer: &Principal, token: &str) -> String {
    format!("{writer}:{}", to_hex(&Sha256::digest(token)))
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Hash> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).map(|value| value as u8))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    if digits.len() == 64 {
        bytes.try_into().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `printf %s secret | sha256sum`
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn a_line_names_the_holder_of_a_token() {
        let text = format!(
            "# writers\n\n  alice:{}\r\nbob@x.org:{}\n",
            SECRET.to_uppercase(),
            "0".repeat(64)
        );
        let entries = Entries::parse(&text).expect("entries");
        assert_eq!(entries.holder("secret").map(Principal::as_str), Some("alice"));
        for other in ["", "Secret", "secret ", SECRET] {
            assert_eq!(entries.holder(other), None, "{other}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_not_repeated() {
        let twice = format!("\na:{SECRET}\nb:{SECRET}");
        for (text, expected) in [
            ("# fine\ntws_secret", "line 2: it must be name:hash"),
            (&format!("a b:{SECRET}"), "line 1: a name is 1 to 64"),
            (&format!(":{SECRET}"), "line 1: a name is 1 to 64"),
            ("alice:tws_secret", "line 1: behind the colon must be"),
            (
                &format!("alice:{}", &SECRET[1..]),
                "line 1: behind the colon must be",
            ),
            (&format!("alice:{SECRET}0"), "line 1: behind the colon must be"),
            (&twice, "line 3: it is the token of line 2"),
        ] {
            let error = Entries::parse(text).expect_err(text).to_string();
            assert!(
                error.starts_with(expected) && !error.contains("secret"),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused_by_a_line_of_it(text in "\\PC{0,40}|([a-z#: ]{0,3}[0-9a-fA-Fé]{63,65}\\s?){0,3}") {
            if let Err(error) = Entries::parse(&text) {
                prop_assert!((1..=text.lines().count()).contains(&error.line));
            }
        }

        #[test]
        fn who_is_listed_is_found_and_nobody_else(
            writers in proptest::collection::btree_map("[!-~]{1,50}", "[A-Za-z0-9._@-]{1,64}", 0..8),
            other in "\\PC{0,50}",
        ) {
            let names = writers.iter().map(|(token, name)| (token, name.parse::<Principal>().expect("a name")));
            let text: String = names.map(|(token, name)| line(&name, token) + "\n").collect();
            let entries = Entries::parse(&text).expect("entries");
            prop_assert_eq!(entries.len(), writers.len());
            for (token, name) in &writers {
                prop_assert_eq!(entries.holder(token).map(Principal::as_str), Some(&**name));
            }
            prop_assert_eq!(entries.holder(&other).is_some(), writers.contains_key(&other));
        }
    }
}
