//! Which way values travel: from clients, to them, or both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    node::{children, visit},
    verdicts::Breaks,
};

/// Which way values travel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Directions {
    pub(crate) request: bool,
    pub(crate) response: bool,
}

impl Directions {
    pub(crate) fn break_if(self, breaks: Breaks) -> bool {
        match breaks {
            Breaks::Never => false,
            Breaks::Always => true,
            Breaks::InRequests => self.request,
            Breaks::InResponses => self.response,
        }
    }
}

/// The directions in which named schemas are used.
pub(crate) struct Uses<'a> {
    document: &'a Value,
    names: BTreeMap<String, Directions>,
}

impl<'a> Uses<'a> {
    pub(crate) fn is_used(&self, schema: &str) -> bool {
        self.names.contains_key(schema)
    }

    /// Which way the value at a pointer travels. The direction of an unused schema is unknown, so both count.
    pub(crate) fn directions(&self, pointer: &str) -> Directions {
        let both = Directions {
            request: true,
            response: true,
        };
        match pointer.strip_prefix("/components/schemas/") {
            None => below_operation(pointer),
            Some(rest) => {
                let name = rest.split('/').next().unwrap_or_default();
                self.names.get(name).copied().unwrap_or(both)
            }
        }
    }

    /// The schema that has a property: two levels above it.
    pub(crate) fn parent_of(&self, property: &str) -> &'a Value {
        let pointer = property.rsplitn(3, '/').last().unwrap_or_default();
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(crate) fn is_beside_anonymous(&self, pointer: &str) -> bool {
        let (list, _) = pointer.split_once("/security/").unwrap_or_default();
        let alternatives = self.document.pointer(&format!("{list}/security"));
        let alternatives = alternatives.and_then(Value::as_array).into_iter().flatten();
        alternatives
            .into_iter()
            .any(|alternative| children(alternative).is_empty())
    }
}

/// Follows the references from operations.
pub(crate) fn uses(document: &Value) -> Uses<'_> {
    let mut names = BTreeMap::<String, Directions>::new();
    let mut waiting = Vec::new();
    visit(
        &document["paths"],
        ("paths", "/paths"),
        &mut |pointer, _, _, value| {
            if let Some(name) = reference(pointer, value) {
                waiting.push((name, below_operation(pointer)));
            }
        },
    );

    let mut seen = BTreeSet::new();
    while let Some((name, directions)) = waiting.pop() {
        if !seen.insert((name.clone(), directions.request)) {
            continue;
        }
        let known = names.entry(name.clone()).or_default();
        known.request |= directions.request;
        known.response |= directions.response;

        let schema = &document["components"]["schemas"][&name];
        visit(schema, ("schema", ""), &mut |pointer, _, _, value| {
            waiting.extend(reference(pointer, value).map(|name| (name, directions)));
        });
    }
    Uses { document, names }
}

fn reference(pointer: &str, value: &Value) -> Option<String> {
    let name = value.as_str()?.strip_prefix("#/components/schemas/")?;
    pointer.ends_with("/$ref").then(|| name.to_owned())
}

fn below_operation(pointer: &str) -> Directions {
    let is_below = |part: &str| pointer.split('/').nth(4) == Some(part);
    Directions {
        request: is_below("parameters") || is_below("requestBody"),
        response: is_below("responses"),
    }
}
