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

/// The responses of an operation, by their status.
pub(super) fn responses(operation: &mut Members) -> impl Iterator<Item = (&String, &mut Value)> {
    members(operation.get_mut("responses"))
}

/// The members of what may be an object.
pub(super) fn members(object: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    let object = object.and_then(Value::as_object_mut);
    object.into_iter().flat_map(Map::iter_mut)
}
