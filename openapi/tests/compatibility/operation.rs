//! Operations: what a client sends, and what it receives.

use serde_json::Value;

use crate::{
    comparison::{Comparison, Direction, Place},
    pair::{Element, Pair, Presence, switch},
};

impl<'a> Comparison<'a> {
    pub(crate) fn operation(&mut self, place: &Place, operation: Pair<'a>) {
        for (keyword, part) in self.members(place, operation) {
            let here = place.at(keyword);
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
        self.security(place, operation);
    }

    fn parameters(&mut self, place: &Place, parameters: Pair<'a>) {
        let name = |parameter: &Value| {
            let part = |keyword: &str| parameter.get(keyword)?.as_str();
            Some(format!("{} parameter \"{}\"", part("in")?, part("name")?))
        };
        let Some(parameters) = parameters.elements(name) else {
            return self.unknown(place, parameters);
        };

        for Element { name, index, pair } in &parameters {
            let place = place.at(index).about(format!("the {name}"));
            match pair.presence() {
                Presence::Removed => self.breaking(&place, "was removed, and clients still send it"),
                Presence::Added if pair.committed.is_some_and(must_be_there) => {
                    self.breaking(&place, "was added and is required");
                }
                Presence::Added => {}
                Presence::Kept => self.parameter(&place, *pair),
            }
        }

        // The elements are in the order of the released document.
        let kept = parameters
            .iter()
            .filter(|parameter| parameter.pair.presence() == Presence::Kept);
        if !kept.is_sorted_by_key(|parameter| parameter.index) {
            self.breaking(
                place,
                "has its parameters in another order, by which generated functions take them",
            );
        }
    }

    fn parameter(&mut self, place: &Place, parameter: Pair<'a>) {
        for (keyword, part) in self.members(place, parameter) {
            let here = place.at(keyword);
            match keyword {
                "description" | "example" | "examples" | "deprecated" => {}
                "required" => self.required(&here, Direction::Request, part),
                "schema" => self.schema(&here, Direction::Request, part),
                _ => self.unknown(&here, part),
            }
        }
    }

    /// Whether something must be there: a client sends no more than it did, and receives no less.
    fn required(&mut self, place: &Place, direction: Direction, required: Pair<'a>) {
        match (direction, required.read(switch)) {
            (_, None) => self.unknown(place, required),
            (Direction::Request, Some((false, true))) => self.breaking(place, "became required"),
            (Direction::Response, Some((true, false))) => self.breaking(place, "became optional"),
            _ => {}
        }
    }

    fn request_body(&mut self, place: &Place, body: Pair<'a>) {
        let place = place.clone().about("the request body");
        match body.presence() {
            Presence::Removed => return self.breaking(&place, "was removed, and clients still send it"),
            Presence::Added if body.committed.is_some_and(must_be_there) => {
                return self.breaking(&place, "was added and is required");
            }
            Presence::Added => return,
            Presence::Kept => {}
        }

        for (keyword, part) in self.members(&place, body) {
            let here = place.at(keyword);
            match keyword {
                "description" => {}
                "required" => self.required(&here, Direction::Request, part),
                "content" => self.content(&here, Direction::Request, part),
                _ => self.unknown(&here, part),
            }
        }
    }

    fn responses(&mut self, place: &Place, responses: Pair<'a>) {
        for (status, response) in self.members(place, responses) {
            let place = place.at(status).about(format!("the {status} response"));
            match response.presence() {
                Presence::Removed => self.breaking(&place, "was removed"),
                // Clients know the class of an unknown error by its first digit (RFC 9110, 15).
                Presence::Added if status.starts_with(['4', '5']) => {}
                Presence::Added => self.breaking(&place, "was added, and clients do not expect it"),
                Presence::Kept => self.response(&place, status, response),
            }
        }
    }

    fn response(&mut self, place: &Place, status: &str, response: Pair<'a>) {
        for (keyword, part) in self.members(place, response) {
            let here = place.at(keyword);
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

    fn headers(&mut self, place: &Place, status: &str, headers: Pair<'a>) {
        for (name, header) in self.members(place, headers) {
            let place = place
                .at(name)
                .about(format!("the header \"{name}\" of the {status} response"));
            match header.presence() {
                Presence::Removed => self.breaking(&place, "was removed"),
                Presence::Added => {}
                Presence::Kept => self.header(&place, header),
            }
        }
    }

    fn header(&mut self, place: &Place, header: Pair<'a>) {
        for (keyword, part) in self.members(place, header) {
            let here = place.at(keyword);
            match keyword {
                "description" | "example" | "examples" | "deprecated" => {}
                "required" => self.required(&here, Direction::Response, part),
                "schema" => self.schema(&here, Direction::Response, part),
                _ => self.unknown(&here, part),
            }
        }
    }

    /// The media types of a body.
    fn content(&mut self, place: &Place, direction: Direction, content: Pair<'a>) {
        for (media_type, body) in self.members(place, content) {
            let here = place.at(media_type);
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

    fn media_type(&mut self, place: &Place, direction: Direction, media_type: Pair<'a>) {
        for (keyword, part) in self.members(place, media_type) {
            let here = place.at(keyword);
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
