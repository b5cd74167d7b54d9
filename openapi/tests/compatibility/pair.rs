//! The same part of two documents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A part of the released document, and the same part of the committed one. Either may be absent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) released: Option<&'a Value>,
    pub(crate) committed: Option<&'a Value>,
}

/// In which of the two documents a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Removed,
    Added,
    Kept,
}

/// An element of a list whose elements have names.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) name: String,
    /// Its index in the committed document; if it was removed, in the released one.
    pub(crate) index: usize,
    pub(crate) pair: Pair<'a>,
}

impl<'a> Pair<'a> {
    /// The member of this name.
    pub(crate) fn get(self, name: &str) -> Self {
        Self {
            released: self.released.and_then(|value| value.get(name)),
            committed: self.committed.and_then(|value| value.get(name)),
        }
    }

    /// What is at this JSON Pointer.
    pub(crate) fn pointer(self, pointer: &str) -> Self {
        Self {
            released: self.released.and_then(|value| value.pointer(pointer)),
            committed: self.committed.and_then(|value| value.pointer(pointer)),
        }
    }

    pub(crate) fn is_equal(self) -> bool {
        self.released == self.committed
    }

    /// A part that is in neither document counts as kept.
    pub(crate) fn presence(self) -> Presence {
        match (self.released, self.committed) {
            (Some(_), None) => Presence::Removed,
            (None, Some(_)) => Presence::Added,
            _ => Presence::Kept,
        }
    }

    /// Both parts as `read` understands them; `None` if it does not understand one.
    pub(crate) fn read<T>(self, read: impl Fn(Option<&'a Value>) -> Option<T>) -> Option<(T, T)> {
        Some((read(self.released)?, read(self.committed)?))
    }

    /// The members of both objects by their names; `None` if one of the parts is no object.
    pub(crate) fn members(self) -> Option<BTreeMap<&'a str, Self>> {
        let (released, committed) = self.read(object)?;

        let names = [released, committed].into_iter().flatten().flat_map(Map::keys);
        let members = names.map(|name| (name.as_str(), self.get(name)));
        Some(members.collect())
    }

    /// The elements of both lists by the names that `name` finds in them; `None` if one of the parts is no list, or has
    /// an element without a name or two of one name.
    pub(crate) fn elements(self, name: impl Fn(&Value) -> Option<String>) -> Option<Vec<Element<'a>>> {
        let named = |value| {
            let elements = list(value)?.iter().enumerate();
            elements
                .map(|(index, element)| Some((name(element)?, (index, element))))
                .collect::<Option<Vec<_>>>()
        };
        let (released, committed) = self.read(named)?;
        let old: BTreeMap<_, _> = released.iter().cloned().collect();
        let new: BTreeMap<_, _> = committed.iter().cloned().collect();
        if old.len() < released.len() || new.len() < committed.len() {
            return None;
        }

        let mut known = BTreeSet::new();
        let all = released.into_iter().chain(committed).map(|(name, _)| name);
        let elements = all.filter(|name| known.insert(name.clone())).map(|name| Element {
            index: new.get(&name).or(old.get(&name)).map_or(0, |(index, _)| *index),
            pair: Pair {
                released: old.get(&name).map(|(_, element)| *element),
                committed: new.get(&name).map(|(_, element)| *element),
            },
            name,
        });
        Some(elements.collect())
    }
}

/// The members of an object, of which an absent one has none.
fn object(value: Option<&Value>) -> Option<Option<&Map<String, Value>>> {
    match value {
        None => Some(None),
        Some(value) => value.as_object().map(Some),
    }
}

/// The elements of a list, of which an absent one has none.
pub(crate) fn list(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None => Some(&[]),
        Some(value) => value.as_array().map(Vec::as_slice),
    }
}

/// The texts of a list, of which an absent one has none.
pub(crate) fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    list(value)?.iter().map(Value::as_str).collect()
}

/// A switch, which is off if it is absent.
pub(crate) fn switch(value: Option<&Value>) -> Option<bool> {
    match value {
        None => Some(false),
        Some(value) => value.as_bool(),
    }
}
