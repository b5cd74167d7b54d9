//! The rules for short texts.

use std::sync::Arc;

use thiserror::Error;

/// A short text: `MIN_CHARS` to `MAX_CHARS` Unicode scalar values, no NUL, no white space at either end. It is never
/// empty: what may be left out is an `Option`. Cheap to clone.
///
/// A resource names its own: `pub type Title = Text<200>;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX_CHARS: usize, const MIN_CHARS: usize = 1>(Arc<str>);

impl<const MAX_CHARS: usize, const MIN_CHARS: usize> Text<MAX_CHARS, MIN_CHARS> {
    /// The minimum length, in Unicode scalar values. 0 means the same as 1.
    pub const MIN_CHARS: usize = MIN_CHARS;

    /// The maximum length, in Unicode scalar values (not bytes, not grapheme clusters).
    pub const MAX_CHARS: usize = MAX_CHARS;

    /// Trims white space (Unicode's `White_Space`) from both ends, then checks the rest.
    ///
    /// # Errors
    /// [`TextError`], the first of its variants that applies.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TextError::Blank);
        }
        if text.contains('\0') {
            return Err(TextError::ContainsNul);
        }

        // A scalar value takes at least one byte, so short texts need not be counted.
        if text.len() > MAX_CHARS {
            let chars = text.chars().count();
            if chars > MAX_CHARS {
                return Err(TextError::TooLong {
                    chars,
                    max: MAX_CHARS,
                });
            }
        }
        if MIN_CHARS > 1 {
            let chars = text.chars().take(MIN_CHARS).count();
            if chars < MIN_CHARS {
                return Err(TextError::TooShort {
                    chars,
                    min: MIN_CHARS,
                });
            }
        }

        Ok(Self(text.into()))
    }

    /// The text as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX_CHARS: usize, const MIN_CHARS: usize> TryFrom<String> for Text<MAX_CHARS, MIN_CHARS> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::new(&text)
    }
}

/// Why a text breaks the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("must contain something other than white space")]
    Blank,
    /// PostgreSQL cannot store U+0000 in a text.
    #[error("must not contain the character U+0000")]
    ContainsNul,
    /// More than `max` Unicode scalar values.
    #[error("must be at most {max} characters long, not {chars}")]
    TooLong {
        /// How many there are after trimming.
        chars: usize,
        /// The maximum.
        max: usize,
    },
    /// Fewer than `min` Unicode scalar values.
    #[error("must be at least {min} characters long, not {chars}")]
    TooShort {
        /// How many there are after trimming.
        chars: usize,
        /// The minimum.
        min: usize,
    },
}
