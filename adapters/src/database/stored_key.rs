//! Idempotency keys as a table holds them.

use domain::OwnedKey;
use sha2::{Digest, Sha256};

/// An idempotency key as the column of a table holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey<'a> {
    /// The name of the owner, or nothing, then a space, then the SHA-256 of the key in hexadecimal: `alice 2bb80d53…`.
    /// Names have no spaces, so no two owners share a key. The hash makes room for the name in a column that the
    /// longest key fills alone.
    pub owned: String,
    /// The form of earlier versions: the key alone, without a space. It has no owner on record, so it remains the key of
    /// every client.
    pub former: &'a str,
}

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

impl<'a> StoredKey<'a> {
    /// The form in which a key is stored.
    pub fn new(key: &'a OwnedKey) -> Self {
        let OwnedKey { owner, key } = key;
        let mut owned = owner.as_ref().map_or("", |owner| owner.as_str()).to_owned();

        owned.push(' ');
        for byte in Sha256::digest(key.as_str()) {
            let digits = [byte >> 4, byte & 0xf].map(|digit| char::from(HEX_DIGITS[usize::from(digit)]));
            owned.extend(digits);
        }
        Self {
            owned,
            former: key.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_does_not_change_between_versions() {
        let key = |owner: Option<&str>| OwnedKey {
            owner: owner.map(|owner| owner.parse().expect("a name")),
            key: "secret".parse().expect("a key"),
        };
        // printf %s secret | sha256sum
        let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

        assert_eq!(StoredKey::new(&key(Some("alice"))).owned, format!("alice {hash}"));
        assert_eq!(StoredKey::new(&key(None)).owned, format!(" {hash}"));
        assert_eq!(StoredKey::new(&key(Some("alice"))).former, "secret");
    }
}
