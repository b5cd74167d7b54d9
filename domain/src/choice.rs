//! Values that are one of a few words.

use std::fmt;

use thiserror::Error;

/// A value that is one of a few words. [`choice!`](crate::choice) defines one.
pub trait Choice: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The name of the type, which the OpenAPI document shows too.
    const NAME: &'static str;
    /// All values, in the order of [`WORDS`](Self::WORDS).
    const ALL: &'static [Self];
    /// The word of each value.
    const WORDS: &'static [&'static str];

    /// The word of this value.
    fn as_str(self) -> &'static str;

    /// The value with this word.
    ///
    /// # Errors
    /// [`ParseChoiceError`] if no value has it. Upper and lower case differ.
    fn parse(text: &str) -> Result<Self, ParseChoiceError> {
        let found = Self::ALL.iter().find(|value| value.as_str() == text);
        found.copied().ok_or(ParseChoiceError { words: Self::WORDS })
    }
}

/// Defines an enum that implements [`Choice`]. Each value stands beside its word.
///
/// ```
/// use domain::Choice;
///
/// domain::choice! {
///     /// How far a letter has come.
///     pub enum Progress {
///         /// Not sent yet.
///         Written = "written",
///         /// On its way.
///         Sent = "sent",
///     }
/// }
///
/// assert_eq!(Progress::parse("sent"), Ok(Progress::Sent));
/// assert_eq!(Progress::Written.as_str(), "written");
/// let error = Progress::parse("Sent").expect_err("another word");
/// assert_eq!(error.to_string(), "must be `written` or `sent`");
/// ```
#[macro_export]
macro_rules! choice {
    (
        $(#[$attributes:meta])*
        $visibility:vis enum $name:ident { $( $(#[$of_value:meta])* $value:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$attributes])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $visibility enum $name {
            $( $(#[$of_value])* $value, )+
        }

        impl $crate::Choice for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = &[$(Self::$value),+];
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn as_str(self) -> &'static str {
                match self {
                    $( Self::$value => $word, )+
                }
            }
        }
    };
}

/// The text is none of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub struct ParseChoiceError {
    /// The words.
    pub words: &'static [&'static str],
}

impl fmt::Display for ParseChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be ")?;

        for (n, word) in (1..).zip(self.words) {
            let separator = match n {
                1 => "",
                _ if n == self.words.len() => " or ",
                _ => ", ",
            };
            write!(f, "{separator}`{word}`")?;
        }
        Ok(())
    }
}
