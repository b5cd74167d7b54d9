//! Every node of a document: what it is, and which way its values travel.

use serde_json::Value;

use super::{
    uses::{Directions, Uses, uses},
    verdicts::{PARTS, VERDICTS},
};

/// A value somewhere in a document.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Its JSON Pointer.
    pub(crate) pointer: String,
    /// What it is, as in [`PARTS`].
    pub(crate) part: &'static str,
    /// The same with what depends on its neighbours, as in [`VERDICTS`].
    pub(crate) case: &'static str,
    pub(crate) directions: Directions,
}

impl Node {
    /// Whether it is breaking that the node is removed, and that it is added.
    pub(crate) fn verdicts(&self) -> (bool, bool) {
        let verdict = VERDICTS.iter().find(|(case, ..)| *case == self.case);
        let (_, removed, added) = verdict.unwrap_or_else(|| panic!("no verdict for {}", self.case));
        (
            self.directions.break_if(*removed),
            self.directions.break_if(*added),
        )
    }

    pub(crate) fn is_schema(&self) -> bool {
        shape(self.part) == "schema"
    }
}

/// All nodes but the document itself.
pub(crate) fn nodes(document: &Value) -> Vec<Node> {
    let uses = uses(document);
    let mut nodes = Vec::new();
    visit(document, ("document", ""), &mut |pointer, part, parent, value| {
        nodes.push(Node {
            pointer: pointer.to_owned(),
            part,
            case: case(part, pointer, parent, value, &uses),
            directions: uses.directions(pointer),
        });
    });
    nodes
}

/// Calls `found` with the pointer, the part, the parent and the value of every node below `value`.
pub(crate) fn visit<'a>(
    value: &'a Value,
    (part, pointer): (&'static str, &str),
    found: &mut impl FnMut(&str, &'static str, &'a Value, &'a Value),
) {
    for (key, child) in children(value) {
        let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        let part = part_of(part, &key);
        found(&pointer, part, value, child);
        // A text, such as an example, is one node.
        if part != "text" {
            visit(child, (part, &pointer), found);
        }
    }
}

pub(crate) fn children(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            elements
                .map(|(index, value)| (index.to_string(), value))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn part_of(whole: &str, name: &str) -> &'static str {
    let parts = || PARTS.iter().filter(|(of, ..)| *of == shape(whole));
    let named = parts().find(|(_, names, _)| names.contains(&name));
    let part = named.or_else(|| parts().find(|(_, names, _)| *names == ["*"]));
    part.map_or("unknown", |(.., part)| part)
}

/// Parts that have the same members.
fn shape(part: &str) -> &str {
    match part {
        "property" | "named schema" => "schema",
        other => other,
    }
}

/// What a part is beside its neighbours.
fn case(part: &'static str, pointer: &str, parent: &Value, value: &Value, uses: &Uses) -> &'static str {
    let is_required = |part: &Value| part["required"] == true;
    let is_empty = |value: &Value| children(value).is_empty();
    let alternatives = || children(parent).into_iter().map(|(_, alternative)| alternative);
    let key = pointer.rsplit('/').next().unwrap_or_default();

    match part {
        "servers" if is_empty(value) => "no servers",
        "parameters"
            if children(value)
                .iter()
                .any(|(_, parameter)| is_required(parameter)) =>
        {
            "required parameters"
        }
        "parameters" => "optional parameters",
        "parameter" if is_required(value) => "required parameter",
        "parameter" => "optional parameter",
        "body" if is_required(value) => "required body",
        "body" => "optional body",
        "must be sent" | "is always received" | "narrowing switch" | "widening switch" if value == false => {
            "switch that is off"
        }
        "response" if key.starts_with(['4', '5']) => "error",
        "response" => "other response",
        "security" if is_empty(value) || children(value).iter().any(|(_, other)| is_empty(other)) => {
            "security with anonymous"
        }
        "security" => "security without anonymous",
        "alternative" if is_empty(value) && alternatives().count() == 1 => "only anonymous",
        "alternative" if is_empty(value) => "anonymous beside others",
        "alternative" if alternatives().any(is_empty) => "alternative beside anonymous",
        "alternative" if alternatives().count() == 1 => "only alternative",
        "alternative" => "one of several alternatives",
        "credentials" | "scope" if uses.is_beside_anonymous(pointer) => "credentials beside anonymous",
        "credentials" | "scope" => "necessary credentials",
        "components" if value.get("schemas").is_none() => "components without schemas",
        "named schema" if !uses.is_used(key) => "unused named schema",
        // The parent of properties is their schema, that of a property is the list of them.
        "properties" => property(parent, |name| value.get(name).is_some()),
        "property" => property(uses.parent_of(pointer), |name| name == key),
        _ => part,
    }
}

/// Which properties those are for which `is_among` holds.
fn property(schema: &Value, is_among: impl Fn(&str) -> bool) -> &'static str {
    let required = schema["required"].as_array().into_iter().flatten();
    let is_required = required.filter_map(Value::as_str).any(is_among);

    match (schema.get("additionalProperties"), is_required) {
        (None | Some(Value::Bool(true)), true) => "property that is required",
        (None | Some(Value::Bool(true)), false) => "property that is optional",
        (Some(Value::Bool(false)), true) => "property of a closed object that is required",
        (Some(Value::Bool(false)), false) => "property of a closed object that is optional",
        (Some(_), _) => "property beside others of any name",
    }
}
