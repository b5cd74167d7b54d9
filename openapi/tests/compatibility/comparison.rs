//! What every part of the comparison uses: where it is, and what it has found.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display, Formatter},
};

use serde_json::Value;

use crate::pair::{Pair, Presence};

/// The longest value that a sentence quotes, in characters.
const MAX_QUOTED: usize = 60;

/// Which way a value travels: what a client sends may become wider, what it receives may become narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// A breaking change, in a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Where it is: a JSON Pointer into the committed document, or for what was removed, into the released one.
    pub(crate) pointer: String,
    /// What changed for the clients of which operations.
    pub(crate) sentence: String,
}

/// Where the comparison is.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) operation: String,
    pub(crate) subject: String,
    pub(crate) pointer: String,
}

/// A comparison of two documents that is in progress.
pub(crate) struct Comparison<'a> {
    pub(crate) documents: Pair<'a>,
    /// Whether equal parts mean the same: schemas that they refer to, and requirements that hold for all operations.
    has_equal_context: bool,
    /// The schemas that were compared already, each for an operation and a direction.
    pub(crate) visited: BTreeSet<(String, Direction, &'a str)>,
    /// The operations that each difference concerns, by its pointer and by what a sentence says of it.
    found: BTreeMap<(String, String), BTreeSet<String>>,
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(released: &'a Value, committed: &'a Value) -> Self {
        let documents = Pair {
            released: Some(released),
            committed: Some(committed),
        };

        let context = ["/components/schemas", "/security"];
        Self {
            documents,
            has_equal_context: context.iter().all(|part| documents.pointer(part).is_equal()),
            visited: BTreeSet::new(),
            found: BTreeMap::new(),
        }
    }

    /// The members of an object that may differ: equal ones only if they may refer to something that differs. A part
    /// that is no object is reported, and has none.
    pub(crate) fn members(&mut self, location: &Location, object: Pair<'a>) -> BTreeMap<&'a str, Pair<'a>> {
        let Some(mut members) = object.members() else {
            self.unknown(location, object);
            return BTreeMap::new();
        };

        let may_refer = |name: &str, part: &Pair<'_>| {
            let is_container = part
                .committed
                .is_some_and(|part| part.is_object() || part.is_array());
            !self.has_equal_context && (is_container || name == "$ref")
        };
        members.retain(|name, part| !part.is_equal() || may_refer(name, part));
        members
    }

    /// Reports a breaking change: `what` is the rest of a sentence that begins with the subject of the location.
    pub(crate) fn breaking(&mut self, location: &Location, what: impl Display) {
        let key = (location.pointer.clone(), format!("{} {what}", location.subject));
        self.found
            .entry(key)
            .or_default()
            .insert(location.operation.clone());
    }

    /// Reports a part that has changed, if nothing is known about such a change.
    pub(crate) fn unknown(&mut self, location: &Location, part: Pair<'_>) {
        if !part.is_equal() {
            let change = Change(location, part);
            self.breaking(location, format!("{change}, which is not known to be compatible"));
        }
    }

    /// Reports a part that must stay as it is, for this reason.
    pub(crate) fn fixed(&mut self, location: &Location, part: Pair<'_>, reason: &str) {
        if !part.is_equal() {
            let change = Change(location, part);
            self.breaking(location, format!("{change}: {reason}"));
        }
    }

    pub(crate) fn differences(self) -> Vec<Difference> {
        let differences = self.found.into_iter().map(|((pointer, what), operations)| {
            let mut operations = operations.into_iter();
            let first = operations.next().unwrap_or_default();
            let others = match operations.len() {
                0 => String::new(),
                1 => " and 1 more operation".to_owned(),
                more => format!(" and {more} more operations"),
            };
            let sentence = format!("{first}{others}: {what} ({pointer})");
            Difference { pointer, sentence }
        });
        differences.collect()
    }
}

impl Location {
    /// The document as a whole.
    pub(crate) fn document() -> Self {
        Self {
            operation: "the document".to_owned(),
            subject: "the document".to_owned(),
            pointer: String::new(),
        }
    }

    /// A member of this location, or an element, about which sentences say the same.
    pub(crate) fn at(&self, key: impl Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        Self {
            pointer: format!("{}/{key}", self.pointer),
            ..self.clone()
        }
    }

    /// The same location, with sentences that begin in another way.
    pub(crate) fn about(self, subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            ..self
        }
    }

    /// The same location, as a part of this operation.
    pub(crate) fn of(self, operation: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            ..self
        }
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "response",
        })
    }
}

/// Says how the keyword at a location has changed.
pub(crate) struct Change<'a>(pub(crate) &'a Location, pub(crate) Pair<'a>);

impl Display for Change<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(location, part) = self;
        let keyword = location.pointer.rsplit('/').next().unwrap_or_default();
        let (old, new) = (quoted(part.released), quoted(part.committed));

        match part.presence() {
            Presence::Removed => write!(f, "has no {keyword} any more, which was {old}"),
            Presence::Added => write!(f, "has a new {keyword}, {new}"),
            Presence::Kept => write!(f, "has the {keyword} {new} instead of {old}"),
        }
    }
}

/// A value as JSON, without its end if it is long. `200.0` is the number 200.
pub(crate) fn quoted(value: Option<&Value>) -> String {
    let text = value.map(Value::to_string).unwrap_or_default();
    let text = text.strip_suffix(".0").unwrap_or(&text);
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
