//! The properties of an object, and which of them are required.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    comparison::{Comparison, Direction, Location},
    pair::{Pair, Presence, texts},
};

impl<'a> Comparison<'a> {
    pub(crate) fn properties(&mut self, location: &Location, direction: Direction, schema: Pair<'a>) {
        let required = schema.get("required");
        let names = required.read(texts);
        if names.is_none() {
            self.unknown(&location.at("required"), required);
        }
        let (released, committed) = names.unwrap_or_default();
        let properties = location.at("properties");
        let mut settled = BTreeSet::new();

        for (name, property) in self.members(&properties, schema.get("properties")) {
            let here = properties.at(name).about(subject(direction, name));
            match property.presence() {
                Presence::Removed => {
                    self.breaking(&here, "was removed");
                    settled.insert(name);
                }
                Presence::Added => {
                    if direction == Direction::Request && committed.contains(&name) {
                        self.breaking(&here, "was added and is required");
                    } else if !accepts_another(schema.released, direction) {
                        self.breaking(&here, "was added to an object that had no room for it");
                    }
                    settled.insert(name);
                }
                Presence::Kept => self.schema(&here, direction, property),
            }
        }

        // What a client must send may become less, and what it can rely on may become more.
        let (required, required_in_other, what) = match direction {
            Direction::Request => (&committed, &released, "became required"),
            Direction::Response => (&released, &committed, "became optional"),
        };
        for (index, name) in required.iter().enumerate() {
            if !required_in_other.contains(name) && !settled.contains(name) {
                let here = location.at("required").at(index).about(subject(direction, name));
                self.breaking(&here, what);
            }
        }
    }
}

fn subject(direction: Direction, property: &str) -> String {
    format!("the {direction} property \"{property}\"")
}

/// Whether clients of an object take it with another property, or its receiver does.
fn accepts_another(object: Option<&Value>, direction: Direction) -> bool {
    match object.and_then(|object| object.get("additionalProperties")) {
        None | Some(Value::Bool(true)) => true,
        Some(Value::Bool(false)) => direction == Direction::Request,
        Some(_) => false,
    }
}
