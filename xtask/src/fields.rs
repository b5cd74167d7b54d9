//! The fields of a resource, as they are given on the command line: `title:text(1..200)`, `state:enum(new|read)?`.

mod kind;

use std::{fmt, str::FromStr};

use anyhow::{Context as _, Error, Result, ensure};
use minijinja::value::Value;
use serde::Serialize;

use crate::names::{self, pascal};

pub use kind::{Kind, Word};

/// Names that every resource has for something of its own.
const TAKEN: [&str; 21] = [
    "api",
    "body",
    "column",
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
    "model",
    "repository",
    "row",
    "service",
    "timestamp",
    "update",
    "version",
];

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
    use super::{kind::MAX_INT, *};

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
