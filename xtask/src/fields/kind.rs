//! The types of fields.

use std::str::FromStr;

use anyhow::{Context as _, Error, Result, bail, ensure};
use serde::Serialize;

use crate::names::{self, pascal};

/// The largest text, in characters. A whole body may have 16 KiB.
const MAX_TEXT: i64 = 4_000;

/// The largest number that every client reads exactly: 2^53 - 1 (RFC 8259, 6).
pub(super) const MAX_INT: i64 = 9_007_199_254_740_991;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// A text of so many characters.
    Text {
        /// The smallest length, at least 1.
        min: i64,
        /// The largest length.
        max: i64,
    },
    /// A whole number in this range.
    Int {
        /// The smallest number.
        min: i64,
        /// The largest number.
        max: i64,
    },
    /// True or false.
    Bool,
    /// A point in time.
    Time,
    /// A day.
    Date,
    /// A UUID that the client chooses.
    Uuid,
    /// One of a few words.
    Enum {
        /// The words.
        values: Vec<Word>,
    },
}

/// A word of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Word {
    /// The word on the wire and in the database.
    pub name: String,
    /// The name of its variant.
    pub pascal: String,
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => {
                let arguments = rest.strip_suffix(')').context("has no closing parenthesis")?;
                (name, Some(arguments))
            }
            None => (text, None),
        };

        Ok(match (name, arguments) {
            ("text", Some(range)) => {
                let (min, max) = parse_range(range)?;
                let (min, max) = (
                    min.unwrap_or(1),
                    max.context("a text needs a maximum, such as text(1..200)")?,
                );
                ensure!(
                    (1..=MAX_TEXT).contains(&max),
                    "the length of a text is at most {MAX_TEXT}, because a body has at most 16 KiB"
                );
                ensure!(
                    min >= 1,
                    "a text has at least one character; with a `?`, it may be absent"
                );
                ensure!(min <= max, "the range {range} is empty");
                Self::Text { min, max }
            }
            ("int", range) => {
                let (min, max) = parse_range(range.unwrap_or(".."))?;
                let (min, max) = (min.unwrap_or(-MAX_INT), max.unwrap_or(MAX_INT));
                ensure!(min <= max, "the range is empty");
                ensure!(
                    -MAX_INT <= min && max <= MAX_INT,
                    "not every client reads numbers beyond {MAX_INT} exactly"
                );
                Self::Int { min, max }
            }
            ("bool", None) => Self::Bool,
            ("time", None) => Self::Time,
            ("date", None) => Self::Date,
            ("uuid", None) => Self::Uuid,
            ("enum", Some(words)) => Self::Enum {
                values: parse_words(words)?,
            },
            _ => {
                bail!("{text} is no type: text(1..200), int(0..10), bool, time, date, uuid and enum(a|b) are")
            }
        })
    }
}

/// `1..200`, `..200`, `1..` and `..`.
fn parse_range(text: &str) -> Result<(Option<i64>, Option<i64>)> {
    let (min, max) = text
        .split_once("..")
        .with_context(|| format!("{text} is no range, such as 1..200"))?;
    let bound = |bound: &str| {
        if bound.is_empty() {
            return Ok(None);
        }
        let number = bound
            .parse()
            .with_context(|| format!("{bound} is no whole number"))?;
        Ok::<_, Error>(Some(number))
    };

    Ok((bound(min)?, bound(max)?))
}

fn parse_words(text: &str) -> Result<Vec<Word>> {
    let mut words: Vec<Word> = Vec::new();

    for name in text.split('|') {
        names::check_spelling(name)?;
        ensure!(name != "self", "the word self is a keyword of Rust");
        let word = Word {
            name: name.to_owned(),
            pascal: pascal(name),
        };
        ensure!(
            !words.iter().any(|other| other.pascal == word.pascal),
            "the word {name} is there twice"
        );
        words.push(word);
    }
    ensure!(
        words.len() > 1,
        "an enum has at least two words, such as enum(draft|printed)"
    );

    Ok(words)
}
