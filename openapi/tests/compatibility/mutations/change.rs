//! Changes of one node.

use serde_json::{Value, json};

/// Removes the node; for an element of a list, those after it move up.
pub(crate) fn remove(document: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').expect("a node below the document");
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(&unescaped(key));
        }
        Some(Value::Array(elements)) => {
            elements.remove(key.parse().expect("an index"));
        }
        _ => panic!("{pointer} has no parent"),
    }
}

/// Gives a member another name.
pub(crate) fn rename(document: &mut Value, pointer: &str, name: &str) {
    let (parent, key) = pointer.rsplit_once('/').expect("a node below the document");
    let members = document.pointer_mut(parent).and_then(Value::as_object_mut);
    let members = members.expect("an object");

    let value = members.remove(&unescaped(key)).expect("a member");
    members.insert(name.to_owned(), value);
}

/// Makes every reference to a schema one to another.
pub(crate) fn redirect(document: &mut Value, from: &str, to: &str) {
    match document {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| redirect(element, from, to)),
        Value::Object(members) => members.values_mut().for_each(|member| redirect(member, from, to)),
        _ => {}
    }
}

pub(crate) fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("nothing is at {pointer}"))
}

/// A value of another type.
pub(crate) fn of_another_type(value: &Value) -> Value {
    match value {
        Value::Object(_) => json!([]),
        Value::Array(_) => json!({}),
        Value::String(_) => json!(7),
        Value::Number(_) | Value::Bool(_) | Value::Null => json!("text"),
    }
}

/// Another value of the same type; `None` for objects and lists, whose parts are changed.
pub(crate) fn of_the_same_type(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(json!(format!("{text}-changed"))),
        Value::Bool(value) => Some(json!(!value)),
        Value::Number(number) => Some(json!(number.as_f64()? + 1.0)),
        _ => None,
    }
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}
