//! The fields of a resource, as they are given on the command line: `title:text(1..200)`, `state:enum(new|read)?`.

use std::{fmt, str::FromStr};

use anyhow::{Context as _, Error, Result, bail, ensure};
use minijinja::value::Value;
use serde::Serialize;

use crate::names::{self, pascal};

/// Names that every resource has for something of its own.
const TAKEN: [&str; 19] = [
    "api",
    "body",
    "content",
    "created_from",
    "entity",
    "error",
    "fixtures",
    "href",
    "id",
    "idempotency_key",
    "input",
    "item",
    "items",
    "repository",
    "row",
    "service",
    "timestamp",
    "update",
    "version",
];

/// The largest text, in characters. A whole body may have 16 KiB.
const MAX_TEXT: i64 = 4_000;

/// The largest number that every client reads exactly: 2^53 - 1 (RFC 8259, 6).
const MAX_INT: i64 = 9_007_199_254_740_991;

/// A field of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name, in lower case, with underscores between words.
    pub name: String,
    /// Its name as a part of a type's name.
    pub pascal: String,
    /// Its name as words.
    pub words: String,
    /// Whether items may be without it.
    pub optional: bool,
    /// What it holds.
    #[serde(flatten)]
    pub kind: Kind,
}

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

impl Field {
    /// Whether the field holds a text that every item has.
    #[must_use]
    pub fn is_required_text(&self) -> bool {
        !self.optional && matches!(self.kind, Kind::Text { .. })
    }
}

/// Parses the fields of a resource, whose names must differ.
///
/// # Errors
///
/// The field that cannot be used, and why.
pub fn parse_all(fields: &[String]) -> Result<Vec<Field>> {
    ensure!(
        !fields.is_empty(),
        "a resource has at least one field, such as 'title:text(1..200)'"
    );

    let parse = |text: &String| text.parse().with_context(|| format!("the field {text:?}"));
    let parsed: Vec<Field> = fields.iter().map(parse).collect::<Result<_>>()?;

    for (n, field) in parsed.iter().enumerate() {
        let is_twin = |other: &Field| other.name == field.name || other.pascal == field.pascal;
        ensure!(
            !parsed[..n].iter().any(is_twin),
            "the field {} is there twice",
            field.name
        );
    }
    Ok(parsed)
}

impl FromStr for Field {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, kind) = text.split_once(':').context("is not NAME:TYPE")?;
        names::check_identifier(name)?;
        ensure!(
            !TAKEN.contains(&name),
            "{name} is a name that every resource uses itself"
        );

        let (kind, optional) = match kind.strip_suffix('?') {
            Some(kind) => (kind, true),
            None => (kind, false),
        };
        Ok(Self {
            name: name.to_owned(),
            pascal: pascal(name),
            words: name.replace('_', " "),
            optional,
            kind: kind.parse()?,
        })
    }
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

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<&Field> for Value {
    fn from(field: &Field) -> Self {
        Self::from_serialize(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(field: &str) -> String {
        let error = parse_all(&[field.to_owned()]).expect_err(field);
        format!("{error:#}")
    }

    #[test]
    fn every_type_is_read() {
        let field = |text: &str| text.parse::<Field>().expect(text);

        assert_eq!(field("title:text(2..200)").kind, Kind::Text { min: 2, max: 200 });
        assert_eq!(field("author:text(..100)?").kind, Kind::Text { min: 1, max: 100 });
        assert!(field("author:text(..100)?").optional && !field("title:text(1..2)").optional);
        assert_eq!(field("rating:int(-5..5)").kind, Kind::Int { min: -5, max: 5 });
        assert_eq!(
            field("count:int").kind,
            Kind::Int {
                min: -MAX_INT,
                max: MAX_INT
            }
        );
        for (text, kind) in [
            ("bool", Kind::Bool),
            ("time", Kind::Time),
            ("date", Kind::Date),
            ("uuid", Kind::Uuid),
        ] {
            assert_eq!(field(&format!("a:{text}")).kind, kind);
        }

        let Kind::Enum { values } = field("state:enum(draft|in_print)?").kind else {
            panic!("not an enum");
        };
        let values: Vec<_> = values.iter().map(|word| (&*word.name, &*word.pascal)).collect();
        assert_eq!(values, [("draft", "Draft"), ("in_print", "InPrint")]);
    }

    #[test]
    fn unusable_field_is_refused_with_a_reason() {
        for (field, reason) in [
            ("title", "NAME:TYPE"),
            ("Title:bool", "lower-case"),
            ("1st:bool", "lower-case"),
            ("a-b:bool", "lower-case"),
            ("type:bool", "keyword of Rust"),
            ("order:bool", "keyword of SQL"),
            ("version:bool", "every resource uses"),
            ("title:string", "is no type"),
            ("title:text", "is no type"),
            ("title:text(..)", "needs a maximum"),
            ("title:text(0..9)", "at least one character"),
            ("title:text(9..1)", "empty"),
            ("title:text(1..9999)", "16 KiB"),
            ("pages:int(1..x)", "no whole number"),
            ("pages:int(2..1)", "empty"),
            ("pages:int(0..9007199254740992)", "exactly"),
            ("state:enum(a)", "at least two words"),
            ("state:enum(a|a)", "twice"),
            ("state:enum(A|b)", "lower-case"),
            ("read:bool(1..2)", "is no type"),
            ("read:bool??", "is no type"),
        ] {
            let error = error_of(field);
            assert!(error.contains(reason), "{field}: {error}");
        }
    }

    #[test]
    fn field_that_is_there_twice_is_refused() {
        let fields = ["title:bool", "title:date"].map(str::to_owned);
        let error = parse_all(&fields).expect_err("twice");
        assert!(error.to_string().contains("title is there twice"), "{error}");
    }
}
