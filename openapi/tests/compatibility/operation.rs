//! Operations: what a client sends, and what it receives.

use serde_json::Value;

use crate::{
    comparison::{Comparison, Direction, Location},
    pair::{Element, Pair, Presence, switch},
};

impl<'a> Comparison<'a> {
    pub(crate) fn operation(&mut self, location: &Location, operation: Pair<'a>) {
        for (keyword, part) in self.members(location, operation) {
            let here = location.at(keyword);
            match keyword {
                // Texts for people.
                "summary" | "description" | "externalDocs" | "deprecated" => {}
                "operationId" => self.fixed(&here, part, "generated functions have its name"),
                "tags" => {
                    self.begins_with_the_same(&here, part, "the tags of an operation", Value::as_str);
                }
                "parameters" => self.parameters(&here, part),
                "requestBody" => self.request_body(&here, part),
                "responses" => self.responses(&here, part),
                // Compared below, because an operation without it has that of the document.
                "security" => {}
                _ => self.unknown(&here, part),
            }
        }
        self.security(location, operation);
    }

    fn parameters(&mut self, location: &Location, parameters: Pair<'a>) {
        let name = |parameter: &Value| {
            let part = |keyword: &str| parameter.get(keyword)?.as_str();
            Some(format!("{} parameter \"{}\"", part("in")?, part("name")?))
        };
        let Some(parameters) = parameters.elements(name) else {
            return self.unknown(location, parameters);
        };

        for Element { name, index, pair } in &parameters {
            let location = location.at(index).about(format!("the {name}"));
            match pair.presence() {
                Presence::Removed => self.breaking(&location, "was removed, and clients still send it"),
                Presence::Added if pair.committed.is_some_and(must_be_there) => {
                    self.breaking(&location, "was added and is required");
                }
                Presence::Added => {}
                Presence::Kept => self.parameter(&location, *pair),
            }
        }

        // The elements are in the order of the released document.
        let kept = parameters
            .iter()
            .filter(|parameter| parameter.pair.presence() == Presence::Kept);
        if !kept.is_sorted_by_key(|parameter| parameter.index) {
            self.breaking(
                location,
                "has its parameters in another order, by which generated functions take them",
            );
        }
    }

    fn parameter(&mut self, location: &Location, parameter: Pair<'a>) {
        for (keyword, part) in self.members(location, parameter) {
            let here = location.at(keyword);
            match keyword {
                "description" | "example" | "examples" | "deprecated" => {}
                "required" => self.required(&here, Direction::Request, part),
                "schema" => self.schema(&here, Direction::Request, part),
                _ => self.unknown(&here, part),
            }
        }
    }

    /// Whether something must be there: a client sends no more than it did, and receives no less.
    fn required(&mut self, location: &Location, direction: Direction, required: Pair<'a>) {
        match (direction, required.read(switch)) {
            (_, None) => self.unknown(location, required),
            (Direction::Request, Some((false, true))) => self.breaking(location, "became required"),
            (Direction::Response, Some((true, false))) => self.breaking(location, "became optional"),
            _ => {}
        }
    }

    fn request_body(&mut self, location: &Location, body: Pair<'a>) {
        let location = location.clone().about("the request body");
        match body.presence() {
            Presence::Removed => return self.breaking(&location, "was removed, and clients still send it"),
            Presence::Added if body.committed.is_some_and(must_be_there) => {
                return self.breaking(&location, "was added and is required");
            }
            Presence::Added => return,
            Presence::Kept => {}
        }

        for (keyword, part) in self.members(&location, body) {
            let here = location.at(keyword);
            match keyword {
                "description" => {}
                "required" => self.required(&here, Direction::Request, part),
                "content" => self.content(&here, Direction::Request, part),
                _ => self.unknown(&here, part),
            }
        }
    }

    fn responses(&mut self, location: &Location, responses: Pair<'a>) {
        for (status, response) in self.members(location, responses) {
            let location = location.at(status).about(format!("the {status} response"));
            match response.presence() {
                Presence::Removed => self.breaking(&location, "was removed"),
                // Clients know the class of an unknown error by its first digit (RFC 9110, 15).
                Presence::Added if status.starts_with(['4', '5']) => {}
                Presence::Added => self.breaking(&location, "was added, and clients do not expect it"),
                Presence::Kept => self.response(&location, status, response),
            }
        }
    }

    fn response(&mut self, location: &Location, status: &str, response: Pair<'a>) {
        for (keyword, part) in self.members(location, response) {
            let here = location.at(keyword);
            match keyword {
                "description" => {}
                "headers" => self.headers(&here, status, part),
                "content" => {
                    let here = here.about(format!("the body of the {status} response"));
                    self.content(&here, Direction::Response, part);
                }
                _ => self.unknown(&here, part),
            }
        }
    }

    fn headers(&mut self, location: &Location, status: &str, headers: Pair<'a>) {
        for (name, header) in self.members(location, headers) {
            let location = location
                .at(name)
                .about(format!("the header \"{name}\" of the {status} response"));
            match header.presence() {
                Presence::Removed => self.breaking(&location, "was removed"),
                Presence::Added => {}
                Presence::Kept => self.header(&location, header),
            }
        }
    }

    fn header(&mut self, location: &Location, header: Pair<'a>) {
        for (keyword, part) in self.members(location, header) {
            let here = location.at(keyword);
            match keyword {
                "description" | "example" | "examples" | "deprecated" => {}
                "required" => self.required(&here, Direction::Response, part),
                "schema" => self.schema(&here, Direction::Response, part),
                _ => self.unknown(&here, part),
            }
        }
    }

    /// The media types of a body.
    fn content(&mut self, location: &Location, direction: Direction, content: Pair<'a>) {
        for (media_type, body) in self.members(location, content) {
            let here = location.at(media_type);
            match (body.presence(), direction) {
                (Presence::Removed, _) => self.breaking(&here, format!("is no longer {media_type}")),
                (Presence::Added, Direction::Request) => {}
                (Presence::Added, Direction::Response) => {
                    self.breaking(&here, format!("may be {media_type}, which clients do not expect"));
                }
                (Presence::Kept, _) => self.media_type(&here, direction, body),
            }
        }
    }

    fn media_type(&mut self, location: &Location, direction: Direction, media_type: Pair<'a>) {
        for (keyword, part) in self.members(location, media_type) {
            let here = location.at(keyword);
            match keyword {
                "example" | "examples" => {}
                "schema" => self.schema(&here, direction, part),
                _ => self.unknown(&here, part),
            }
        }
    }
}

/// Whether a parameter or a body that is new is required, or may be.
fn must_be_there(part: &Value) -> bool {
    !part.is_object() || switch(part.get("required")) != Some(false)
}
