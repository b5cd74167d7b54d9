//! Examples of responses, which mocks send and pages show.

use serde_json::{Value, json};

use super::walk::{Members, members, operations, paths, responses};
use crate::{
    RETRY_AFTER,
    http::{
        base_url::BaseUrl,
        preconditions::{self, NO_CACHE},
        values::example_id,
    },
};

/// Gives every JSON body of a response the example of its schema, unless it has one.
pub(super) fn of_bodies(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();

    for operation in operations(document) {
        for (_, response) in responses(operation) {
            let content = members(response.get_mut("content"));
            // An error has the example of its status.
            let bodies = content.filter(|(media_type, _)| *media_type == "application/json");

            for (_, body) in bodies {
                let example = of_schema(&body["schema"], &schemas);
                add(body, example);
            }
        }
    }
}

/// The example of a schema: its own, that of what it refers to, or a list with that of its items.
fn of_schema(schema: &Value, schemas: &Value) -> Option<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return of_schema(&schemas[name], schemas);
    }

    match schema.get("example") {
        None if schema["type"] == "array" => of_schema(&schema["items"], schemas).map(|item| json!([item])),
        example => example.cloned(),
    }
}

/// Gives every header of a response an example. A header that this file does not know has the one of its schema.
pub(super) fn of_headers(document: &mut Value) {
    for (path, item) in paths(document) {
        let examples = HeaderExamples::new(path, item);

        for operation in item.values_mut().filter_map(Value::as_object_mut) {
            for (_, response) in responses(operation) {
                let body = members(response.get_mut("content")).next();
                let href = body.and_then(|(_, body)| body["example"].get("href").cloned());

                for (name, header) in members(response.get_mut("headers")) {
                    let example = match &**name {
                        "Location" => href.clone(),
                        name => examples.of(name),
                    };
                    let example = example.or_else(|| header["schema"].get("example").cloned());
                    add(header, example);
                }
            }
        }
    }
}

/// The examples of the headers of a path's responses.
struct HeaderExamples {
    url: String,
    is_immutable: bool,
}

impl HeaderExamples {
    /// An item that no operation changes is immutable.
    fn new(path: &str, item: &Members) -> Self {
        let changes = ["put", "patch", "delete"]
            .iter()
            .any(|method| item.contains_key(*method));

        Self {
            url: BaseUrl::example().join(path),
            is_immutable: path.ends_with('}') && !changes,
        }
    }

    fn of(&self, header: &str) -> Option<Value> {
        let id = example_id::<()>();

        Some(match header {
            "X-Request-ID" => json!(id.to_string()),
            "Link" => json!(format!("<{}?limit=50&before={id}>; rel=\"next\"", self.url)),
            "ETag" if self.is_immutable => json!(preconditions::entity_tag(id)),
            "ETag" => json!("\"1\""),
            "Cache-Control" if self.is_immutable => json!(preconditions::immutable(&BaseUrl::example())),
            "Cache-Control" => json!(NO_CACHE),
            "Idempotent-Replayed" => json!(true),
            "Retry-After" => json!(RETRY_AFTER.as_secs()),
            "WWW-Authenticate" => json!("Bearer realm=\"api\""),
            "Accept-Encoding" => json!("identity"),
            _ => return None,
        })
    }
}

/// Adds an example to what has none.
fn add(described: &mut Value, example: Option<Value>) {
    if let (Some(described), Some(example)) = (described.as_object_mut(), example) {
        described.entry("example").or_insert(example);
    }
}
