//! Changes that have a direction: what is required or optional, narrower or wider.

use serde_json::{Value, json};

use super::{
    change::at,
    mutants::{Mutant, Mutation, split},
    node::Node,
    verdicts::Breaks::{self, InRequests, InResponses},
};

impl<F: FnMut(Mutant)> Mutation<'_, F> {
    pub(crate) fn required_or_optional(&mut self, node: &Node) {
        const NAMES: (&str, &str) = ("made required", "made optional");

        match node.part {
            "parameter" | "body" | "header" => {
                let is_required = self.value(node)["required"] == true;
                let verdicts = match node.part {
                    "header" => (Breaks::Never, InResponses),
                    _ => (InRequests, Breaks::Never),
                };

                self.switched(node, "required", is_required, verdicts, NAMES);
            }
            "property" => {
                let (parent, name) = split(node);
                let name = json!(name.replace("~1", "/").replace("~0", "~"));
                let is_required = self.is_required(node);

                let edit = |document: &mut Value| {
                    let schema = at(document, parent).as_object_mut().expect("a schema");
                    let required = schema.entry("required").or_insert_with(|| json!([]));
                    let required = required.as_array_mut().expect("a list");
                    if is_required {
                        required.retain(|other| *other != name);
                    } else {
                        required.push(name);
                    }
                };

                self.either(node, is_required, (InRequests, InResponses), NAMES, edit);
            }
            _ => {}
        }
    }

    /// Turns a switch on, or off if it `is_on`. It breaks clients that it is turned `(on, off)`.
    fn switched(
        &mut self,
        node: &Node,
        keyword: &'static str,
        is_on: bool,
        verdicts: (Breaks, Breaks),
        names: (&'static str, &'static str),
    ) {
        self.either(node, is_on, verdicts, names, |document| {
            at(document, &node.pointer)[keyword] = json!(!is_on);
        });
    }

    fn either(
        &mut self,
        node: &Node,
        is_on: bool,
        (on, off): (Breaks, Breaks),
        (turned_on, turned_off): (&'static str, &'static str),
        edit: impl FnOnce(&mut Value),
    ) {
        let (on, off) = (node.directions.break_if(on), node.directions.break_if(off));

        if is_on {
            self.push((turned_off, turned_on), node, (off, Some(on)), edit);
        } else {
            self.push((turned_on, turned_off), node, (on, Some(off)), edit);
        }
    }

    pub(crate) fn narrowed_or_widened(&mut self, node: &Node) {
        const NAMES: (&str, &str) = ("narrowed", "widened");
        let Some(schema) = self.value(node).as_object().cloned() else {
            return;
        };

        let directions = node.directions;
        let verdicts = (
            directions.break_if(InRequests),
            Some(directions.break_if(InResponses)),
        );
        let (requests, responses) = (directions.request, directions.response);

        for (keyword, step) in bounds(schema.get("type")) {
            // A wide bound where there was none; the next narrower one where there was one.
            let bound = match schema.get(*keyword).and_then(Value::as_f64) {
                Some(bound) => bound + step,
                None => -step * 1000.0,
            };
            self.push(NAMES, node, verdicts, |document| {
                at(document, &node.pointer)[*keyword] = json!(bound)
            });
        }

        for (keyword, condition) in [("pattern", json!("^x")), ("multipleOf", json!(3))] {
            if !schema.contains_key(keyword) {
                self.push(NAMES, node, verdicts, |document| {
                    at(document, &node.pointer)[keyword] = condition
                });
            }
        }

        for keyword in ["exclusiveMinimum", "exclusiveMaximum", "uniqueItems"] {
            let is_on = schema.get(keyword) == Some(&json!(true));
            self.switched(node, keyword, is_on, (InRequests, InResponses), NAMES);
        }

        let is_nullable = schema.get("nullable") == Some(&json!(true));
        self.switched(
            node,
            "nullable",
            is_nullable,
            (InResponses, InRequests),
            ("widened", "narrowed"),
        );

        if schema.contains_key("enum") {
            self.push(
                ("widened", "narrowed"),
                node,
                (responses, Some(requests)),
                |document| {
                    let values = at(document, &node.pointer)["enum"].as_array_mut();
                    values.expect("a list").push(json!("another"));
                },
            );
        }
    }
}

/// The keywords that bound values of a type, each with the step that makes it narrower.
fn bounds(schema_type: Option<&Value>) -> &'static [(&'static str, f64)] {
    match schema_type.and_then(Value::as_str) {
        Some("string") => &[("minLength", 1.0), ("maxLength", -1.0)],
        Some("integer" | "number") => &[("minimum", 1.0), ("maximum", -1.0)],
        Some("array") => &[("minItems", 1.0), ("maxItems", -1.0)],
        Some("object") => &[("minProperties", 1.0), ("maxProperties", -1.0)],
        _ => &[],
    }
}
