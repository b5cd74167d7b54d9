//! Fingerprints: what an item was created from, after it has changed.

use std::fmt::{self, Display, Write};

use sha2::{Digest, Sha256};

/// 128 bits of the SHA-256 of what an item was created from. A creation that is repeated under its idempotency key is
/// compared with it, because an update may have changed the item since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of the parts that are added to the result.
    ///
    /// ```
    /// use domain::Fingerprint;
    ///
    /// let of = |title: &str, pages: Option<u32>| {
    ///     Fingerprint::builder().part("title", title).optional("pages", pages).finish()
    /// };
    /// assert_eq!(of("a", Some(1)), of("a", Some(1)));
    /// assert_ne!(of("a", Some(1)), of("a", None));
    /// ```
    pub fn builder() -> FingerprintBuilder {
        FingerprintBuilder::default()
    }

    /// The fingerprint with these bits, as [`as_u128`](Self::as_u128) returned them.
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// The bits, for a store.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// Makes a [`Fingerprint`] from named parts. Their order matters.
#[derive(Debug, Default)]
pub struct FingerprintBuilder {
    hash: Sha256,
    text: String,
}

impl FingerprintBuilder {
    /// Adds a part, by the text that it displays.
    #[must_use]
    pub fn part(mut self, name: &str, value: impl Display) -> Self {
        self.text.clear();
        // Writing into a String never fails.
        let _: fmt::Result = write!(self.text, "{value}");

        // Each length goes before its text, so that no two lists of parts have the same bytes.
        for text in [name, &self.text] {
            self.hash.update((text.len() as u64).to_be_bytes());
            self.hash.update(text);
        }
        self
    }

    /// Adds a part that may be absent. An absent part adds nothing, so that the fingerprints that are stored stay valid
    /// when a resource gets another optional part.
    #[must_use]
    pub fn optional(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.part(name, value),
            None => self,
        }
    }

    /// The fingerprint of the parts so far.
    pub fn finish(self) -> Fingerprint {
        let hash = self.hash.finalize();
        let bits = hash
            .iter()
            .take(16)
            .fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        Fingerprint(bits)
    }
}
