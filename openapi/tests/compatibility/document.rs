//! What clients of a document rely on besides its operations: paths, tags, servers and the names of components.

use serde_json::Value;

use crate::{
    comparison::{Comparison, Difference, Direction, Location},
    pair::{Pair, Presence, list},
};

/// The methods that a path may have.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// What breaks clients of the document `released` when `committed` takes its place.
pub(crate) fn breaking_changes(released: &Value, committed: &Value) -> Vec<Difference> {
    let mut comparison = Comparison::new(released, committed);
    comparison.document();
    comparison.differences()
}

impl<'a> Comparison<'a> {
    fn document(&mut self) {
        let location = Location::document();
        let documents = self.documents;

        for (keyword, part) in self.members(&location, documents) {
            let here = location.at(keyword);
            match keyword {
                // Texts for people. The requirements of security are compared for each operation.
                "info" | "externalDocs" | "security" => {}
                "servers" => self.servers(&here, part),
                "tags" => self.tags(&here, part),
                "paths" => self.paths(&here, part),
                "components" => self.components(&here, part),
                _ => self.unknown(&here, part),
            }
        }
        self.schemas_that_no_operation_uses();
    }

    /// The first server is the one that clients use unless they are told otherwise.
    fn servers(&mut self, location: &Location, servers: Pair<'a>) {
        let url = |server: &'a Value| server.get("url");
        if !self.begins_with_the_same(location, servers, "the list of servers", url) {
            return;
        }

        let pairs = servers
            .read(list)
            .into_iter()
            .flat_map(|(old, new)| old.iter().zip(new));
        for (index, (released, committed)) in pairs.enumerate() {
            let location = location.at(index).about("the server");
            let server = Pair {
                released: Some(released),
                committed: Some(committed),
            };
            for (keyword, part) in self.members(&location, server) {
                match keyword {
                    "url" | "description" => {}
                    _ => self.unknown(&location.at(keyword), part),
                }
            }
        }
    }

    /// Whether a list only became longer at its end, by the keys of its elements. Its first element decides what
    /// generated clients do or are called. Reports it if not.
    pub(crate) fn begins_with_the_same<K: PartialEq>(
        &mut self,
        location: &Location,
        lists: Pair<'a>,
        name: &str,
        key: impl Fn(&'a Value) -> Option<K>,
    ) -> bool {
        let keys = |value| list(value)?.iter().map(&key).collect::<Option<Vec<_>>>();
        let is_longer = lists.read(keys).is_some_and(|(old, new)| {
            let has_the_same_first = old.is_empty() == new.is_empty();
            has_the_same_first && new.starts_with(&old)
        });

        if !is_longer {
            let reason =
                format!("generated clients depend on the order of {name}, which may only become longer");
            self.fixed(location, lists, &reason);
        }
        is_longer
    }

    fn tags(&mut self, location: &Location, tags: Pair<'a>) {
        let name = |tag: &Value| tag.get("name")?.as_str().map(ToOwned::to_owned);
        let Some(tags) = tags.elements(name) else {
            return self.unknown(location, tags);
        };

        for tag in tags {
            let location = location.at(tag.index).about(format!("the tag \"{}\"", tag.name));
            match tag.pair.presence() {
                Presence::Removed => {
                    self.breaking(&location, "was removed, after which generated modules are named");
                }
                Presence::Added => {}
                Presence::Kept => {
                    for (keyword, part) in self.members(&location, tag.pair) {
                        match keyword {
                            "name" | "description" | "externalDocs" => {}
                            _ => self.unknown(&location.at(keyword), part),
                        }
                    }
                }
            }
        }
    }

    fn paths(&mut self, location: &Location, paths: Pair<'a>) {
        for (path, item) in self.members(location, paths) {
            let location = location.at(path).of(path).about("the path");
            match item.presence() {
                Presence::Removed => self.breaking(&location, "was removed"),
                Presence::Added => {}
                Presence::Kept => self.path(&location, path, item),
            }
        }
    }

    fn path(&mut self, location: &Location, path: &str, item: Pair<'a>) {
        for (keyword, part) in self.members(location, item) {
            let here = location.at(keyword);
            if METHODS.contains(&keyword) {
                let here = here
                    .of(format!("{} {path}", keyword.to_uppercase()))
                    .about("the operation");
                match part.presence() {
                    Presence::Removed => self.breaking(&here, "was removed"),
                    Presence::Added => {}
                    Presence::Kept => self.operation(&here, part),
                }
            } else if !["summary", "description"].contains(&keyword) {
                self.unknown(&here, part);
            }
        }
    }

    fn components(&mut self, location: &Location, components: Pair<'a>) {
        for (keyword, part) in self.members(location, components) {
            let here = location.at(keyword);
            match keyword {
                "examples" => {}
                "schemas" => {
                    for (name, schema) in self.members(&here, part) {
                        let location = here.at(name).about(format!("the schema \"{name}\""));
                        if schema.presence() == Presence::Removed {
                            self.breaking(&location, "was removed, after which generated types are named");
                        }
                    }
                }
                "securitySchemes" => self.security_schemes(&here, part),
                _ => self.unknown(&here, part),
            }
        }
    }

    fn security_schemes(&mut self, location: &Location, schemes: Pair<'a>) {
        for (name, scheme) in self.members(location, schemes) {
            let location = location.at(name).about(format!("the security scheme \"{name}\""));
            match scheme.presence() {
                Presence::Removed => self.breaking(&location, "was removed"),
                Presence::Added => {}
                Presence::Kept => {
                    for (keyword, part) in self.members(&location, scheme) {
                        if keyword != "description" {
                            self.unknown(&location.at(keyword), part);
                        }
                    }
                }
            }
        }
    }

    /// The direction of an unused schema is unknown, so both count. It may be used in a place that the comparison does
    /// not look into.
    fn schemas_that_no_operation_uses(&mut self) {
        let schemas = self.documents.pointer("/components/schemas").members();

        for (name, schema) in schemas.unwrap_or_default() {
            let is_kept = schema.presence() == Presence::Kept;
            if is_kept && !self.visited.iter().any(|(_, _, visited)| *visited == name) {
                for direction in [Direction::Request, Direction::Response] {
                    self.named_schema(&Location::document(), direction, name);
                }
            }
        }
    }
}
