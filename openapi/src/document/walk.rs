//! The places of a document.

use serde_json::{Map, Value};

/// The members of an object.
pub(super) type Members = Map<String, Value>;

/// What describes each path, by its template.
pub(super) fn paths(document: &mut Value) -> impl Iterator<Item = (&String, &mut Members)> {
    let paths = document["paths"].as_object_mut();
    let items = paths.into_iter().flat_map(Map::iter_mut);
    items.filter_map(|(path, item)| Some((path, item.as_object_mut()?)))
}

/// The operations of all paths.
pub(super) fn operations(document: &mut Value) -> impl Iterator<Item = &mut Members> {
    paths(document).flat_map(|(_, item)| item.values_mut().filter_map(Value::as_object_mut))
}

/// The parameters of an operation.
pub(super) fn parameters(operation: &mut Members) -> Option<&mut Vec<Value>> {
    operation.get_mut("parameters").and_then(Value::as_array_mut)
}

/// The responses of an operation, by their status.
pub(super) fn responses(operation: &mut Members) -> impl Iterator<Item = (&String, &mut Value)> {
    members(operation.get_mut("responses"))
}

/// The members of what may be an object.
pub(super) fn members(object: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    let object = object.and_then(Value::as_object_mut);
    object.into_iter().flat_map(Map::iter_mut)
}

/// Calls `change` with every object that describes something. Examples and defaults are data of the service, whatever
/// their members are called.
pub(super) fn visit_objects(value: &mut Value, change: &mut impl FnMut(&mut Members)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit_objects(item, change)),
        Value::Object(members) => {
            change(members);
            for (name, member) in members {
                match &**name {
                    "example" | "examples" | "default" | "enum" => {}
                    // The keys are names of the service.
                    "properties" => {
                        for (_, schema) in self::members(Some(member)) {
                            visit_objects(schema, change);
                        }
                    }
                    _ => visit_objects(member, change),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn examples_are_data_and_properties_may_have_any_name() {
        let mut document = json!({
            "schema": {"properties": {"example": {"a": 1}, "properties": {"a": 1}}, "example": {"a": 1}},
            "list": [{"a": 1, "default": {"a": 1}}],
        });

        visit_objects(&mut document, &mut |members| {
            members.remove("a");
        });

        let expected = json!({
            "schema": {"properties": {"example": {}, "properties": {}}, "example": {"a": 1}},
            "list": [{"default": {"a": 1}}],
        });
        assert_eq!(document, expected);
    }
}
