//! What generated clients and readers need of the document.

use std::collections::BTreeSet;

use super::operation::{DOCUMENT, Operation, resolve};

fn is_text(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn the_document_is_openapi_3_0() {
    let version = DOCUMENT["openapi"].as_str().expect("a version");
    assert!(version.starts_with("3.0"), "{version}");
}

/// Without it, some clients have no base URL, and others that of a host of their own.
#[test]
fn the_server_is_where_the_document_is() {
    assert_eq!(DOCUMENT["servers"], serde_json::json!([{ "url": "/" }]));
}

#[test]
fn every_operation_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();

    for operation in Operation::all() {
        assert!(is_text(&operation.description["operationId"]), "{operation}");
        assert!(
            ids.insert(operation.id().to_owned()),
            "{operation}: the id is used twice"
        );
    }
}

#[test]
fn every_operation_has_a_summary_a_description_and_one_declared_tag() {
    let tags = DOCUMENT["tags"].as_array().expect("tags");

    for operation in Operation::all() {
        assert!(
            is_text(&operation.description["summary"]),
            "{operation} has a summary"
        );
        assert!(
            is_text(&operation.description["description"]),
            "{operation} has a description"
        );

        let [tag] = &operation.description["tags"].as_array().expect("tags")[..] else {
            panic!("{operation} has one tag");
        };
        let declared = tags.iter().find(|declared| declared["name"] == *tag);
        assert!(
            declared.is_some_and(|tag| is_text(&tag["description"])),
            "{operation}: {tag} has a description"
        );
    }
}

#[test]
fn every_response_has_a_description_and_a_request_id() {
    for operation in Operation::all() {
        for (status, response) in operation.responses() {
            assert!(is_text(&response["description"]), "{operation} {status}");
            assert!(
                response["headers"]["X-Request-ID"].is_object(),
                "{operation} {status}"
            );
        }
    }
}

#[test]
fn every_body_is_a_named_schema_with_an_example() {
    for operation in Operation::all() {
        let responses = operation.responses().into_iter().map(|(_, response)| response);
        let request = operation.description.get("requestBody").map(resolve);

        for media_types in responses
            .chain(request)
            .filter_map(|body| body["content"].as_object())
        {
            for (media_type, body) in media_types.iter().filter(|(name, _)| name.contains("json")) {
                let schema = match &body["schema"] {
                    array if array["type"] == "array" => &array["items"],
                    schema => schema,
                };
                assert!(
                    schema["$ref"].is_string(),
                    "{operation}: {media_type} has a named schema"
                );
                // A problem has one for each of its types.
                let has_example = resolve(schema)["example"].is_object() || body["examples"].is_object();
                assert!(has_example, "{operation}: {schema} has an example");
            }
        }
    }
}
