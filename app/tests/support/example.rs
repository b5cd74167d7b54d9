//! The resource that tests of mechanism use as their example.

use serde_json::{Value, json};

/// Creates with POST, lists with GET.
pub(crate) const COLLECTION: &str = "/tweet/";

/// The body of a request that creates an item with this text.
pub(crate) fn body(text: &str) -> String {
    json!({ "text": text }).to_string()
}

/// The text that an item was created with.
pub(crate) fn text_of(item: &Value) -> String {
    item["text"].as_str().expect("a text").to_owned()
}
