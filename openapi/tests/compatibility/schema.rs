//! Schemas, as they are used in one direction.

use serde_json::Value;

use crate::{
    comparison::{Change, Comparison, Direction, Location, quoted},
    constraint::{self, Effect},
    pair::{Pair, Presence, list},
};

/// Where named schemas are.
const SCHEMAS: &str = "#/components/schemas/";

impl<'a> Comparison<'a> {
    pub(crate) fn schema(&mut self, location: &Location, direction: Direction, schema: Pair<'a>) {
        if schema.presence() != Presence::Kept {
            return self.unknown(location, schema);
        }

        self.keywords(location, direction, schema);
    }

    /// The name of a schema is that of a generated type.
    fn reference(&mut self, location: &Location, direction: Direction, reference: Pair<'a>) {
        let name = reference.committed.and_then(Value::as_str);
        match name.and_then(|name| name.strip_prefix(SCHEMAS)) {
            Some(name) if reference.is_equal() => self.named_schema(location, direction, name),
            _ => self.fixed(location, reference, "generated types have its name"),
        }
    }

    /// A schema that operations refer to, once for each of them and each direction. This ends the comparison of a
    /// schema that contains itself.
    pub(crate) fn named_schema(&mut self, location: &Location, direction: Direction, name: &'a str) {
        if !self.visited.insert((location.operation.clone(), direction, name)) {
            return;
        }

        let here = Location::document().at("components").at("schemas").at(name);
        let schema = self.documents.pointer(&here.pointer);
        let here = here
            .of(&location.operation)
            .about(format!("the {direction} schema \"{name}\""));
        // A removed one is reported with the components.
        if schema.presence() != Presence::Removed {
            self.schema(&here, direction, schema);
        }
    }

    /// What stands beside a reference is compared as well: some generators ignore it, and some do not.
    fn keywords(&mut self, location: &Location, direction: Direction, schema: Pair<'a>) {
        for (keyword, part) in self.members(location, schema) {
            let here = location.at(keyword);
            match keyword {
                "$ref" => self.reference(&here, direction, part),
                // Texts for people.
                "title" | "description" | "example" | "examples" | "externalDocs" | "deprecated" => {}

                "type" | "format" => self.fixed(&here, part, "generated types depend on it"),
                "default" => self.fixed(&here, part, "it is what clients mean that leave the value out"),
                "enum" => self.values(&here, direction, part),

                "items" => {
                    let here = here.about(format!("an element of {}", location.subject));
                    self.schema(&here, direction, part);
                }
                "additionalProperties" => self.other_properties(&here, direction, part),
                "allOf" | "anyOf" | "oneOf" => self.schemas(&here, direction, part),

                // Compared below, because a property is also in the list of the required ones.
                "properties" | "required" => {}
                _ => match constraint::effect(keyword, part) {
                    Some(effect) => self.constraint(&here, direction, part, effect),
                    None => self.unknown(&here, part),
                },
            }
        }

        self.properties(location, direction, schema);
    }

    fn constraint(&mut self, location: &Location, direction: Direction, part: Pair<'_>, effect: Effect) {
        let change = Change(location, part);
        match (effect, direction) {
            (Effect::Narrows, Direction::Request) => {
                self.breaking(location, format!("{change}, and accepts less than before"));
            }
            (Effect::Widens, Direction::Response) => {
                self.breaking(
                    location,
                    format!("{change}, and may be what clients do not expect"),
                );
            }
            (Effect::Unknown, _) => self.unknown(location, part),
            _ => {}
        }
    }

    fn values(&mut self, location: &Location, direction: Direction, values: Pair<'a>) {
        let lists = values.read(list);
        let Some((released, committed)) = lists.filter(|_| values.presence() == Presence::Kept) else {
            return self.fixed(location, values, "generated types depend on it");
        };

        let (all, known) = match direction {
            Direction::Request => (released, committed),
            Direction::Response => (committed, released),
        };
        for (index, value) in all.iter().enumerate().filter(|(_, value)| !known.contains(value)) {
            let value = quoted(Some(value));
            let what = match direction {
                Direction::Request => format!("may no longer be {value}"),
                Direction::Response => format!("may be {value}, which clients do not know"),
            };
            self.breaking(&location.at(index), what);
        }
    }

    /// Properties that have no schema of their own.
    fn other_properties(&mut self, location: &Location, direction: Direction, schema: Pair<'a>) {
        let are_schemas =
            [schema.released, schema.committed].map(|schema| schema.is_some_and(Value::is_object));
        if are_schemas == [true, true] {
            let here = location
                .clone()
                .about(format!("another property of {}", location.subject));
            self.schema(&here, direction, schema);
        } else {
            self.unknown(location, schema);
        }
    }

    /// Schemas that are combined, each of which may change as a schema may.
    fn schemas(&mut self, location: &Location, direction: Direction, schemas: Pair<'a>) {
        match schemas.read(list) {
            Some((released, committed)) if released.len() == committed.len() => {
                for (index, (released, committed)) in released.iter().zip(committed).enumerate() {
                    let schema = Pair {
                        released: Some(released),
                        committed: Some(committed),
                    };
                    self.schema(&location.at(index), direction, schema);
                }
            }
            _ => self.unknown(location, schemas),
        }
    }
}
