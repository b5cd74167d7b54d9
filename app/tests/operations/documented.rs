//! Whether a response is what the document says.

use serde_json::{Map, Value};

use crate::support::problem_type;

/// Asserts that a response has the media type and the required header fields of the document.
pub(super) fn is_as_documented<'a>(
    what: &str,
    documented: &Value,
    media_type: Option<&str>,
    header: impl Fn(&str) -> Option<&'a str>,
) {
    let media_types = documented["content"].as_object();
    // The document has media types without parameters.
    match media_type.and_then(|media_type| media_type.split(';').next()) {
        Some(media_type) => assert!(
            media_types.is_some_and(|types| types.contains_key(media_type)),
            "{what}: {media_type} is not documented"
        ),
        None => assert!(
            media_types.is_none_or(|types| types.is_empty()),
            "{what}: no body"
        ),
    }

    let headers = documented["headers"].as_object();
    for (name, _) in headers
        .into_iter()
        .flatten()
        .filter(|(_, header)| header["required"] == true)
    {
        assert!(
            header(&name.to_lowercase()).is_some(),
            "{what}: {name} is missing"
        );
    }
}

/// Asserts that the document lists the type of a problem for the response that it came with.
pub(super) fn has_documented_type(what: &str, documented: &Value, problem: &Value) {
    let kind = problem_type(problem);
    let types = documented_types(documented);

    assert!(
        types.contains_key(kind.slug),
        "{what}: {} is not documented",
        kind.slug
    );
}

/// The types that the document lists for an error response, by slug, each with its example.
pub(super) fn documented_types(response: &Value) -> &Map<String, Value> {
    let problem = &response["content"]["application/problem+json"];
    problem["examples"].as_object().expect("examples of problems")
}
