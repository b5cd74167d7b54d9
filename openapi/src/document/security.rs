//! Which operations need a token.

use serde_json::{Value, json};

use super::walk::operations;

/// Says of every operation that takes no token that it takes none. Without `security`, readers look for a default.
pub(super) fn explicit(document: &mut Value) {
    for operation in operations(document) {
        operation.entry("security").or_insert_with(|| json!([]));
    }
}

/// Describes a service without tokens.
pub(super) fn remove(document: &mut Value) {
    for operation in operations(document) {
        operation.insert("security".to_owned(), json!([]));
    }
    if let Some(components) = document["components"].as_object_mut() {
        components.shift_remove("securitySchemes");
    }
}
