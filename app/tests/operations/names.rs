//! Names from which generators make those of types, arguments and fields.

use std::collections::BTreeSet;

use super::operation::{DOCUMENT, Operation, members};

/// The names of all schemas, in small letters: some languages and file systems ignore the case.
fn schemas() -> Vec<String> {
    let schemas = members(&DOCUMENT["components"]["schemas"]);
    schemas.map(|(name, _)| name.to_lowercase()).collect()
}

#[test]
fn no_schema_has_the_name_of_another_that_is_generated() {
    let names = schemas();
    let all: BTreeSet<_> = names.iter().map(String::as_str).collect();
    assert_eq!(
        all.len(),
        names.len(),
        "two names differ only in their case: {names:?}"
    );

    for name in &all {
        let constructed = name.strip_prefix("new");
        assert!(
            constructed.is_none_or(|other| !all.contains(other)),
            "{name} is the name of a constructor in Go: call it …Input"
        );
    }

    for operation in Operation::all() {
        for suffix in ["", "request", "response"] {
            let generated = operation.id().to_lowercase() + suffix;
            assert!(
                !all.contains(&*generated),
                "{operation}: generators call a type of its own {generated}, as a schema is called"
            );
        }
    }
}

/// `listThings(limit, before)`: callers leave out what is at the end.
#[test]
fn parameters_come_before_headers() {
    const ORDER: [&str; 3] = ["path", "query", "header"];

    for operation in Operation::all() {
        let parameters = operation.description["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        let places: Vec<_> = parameters
            .map(|parameter| ORDER.iter().position(|kind| parameter["in"] == *kind))
            .collect();

        assert!(places.is_sorted(), "{operation}: {places:?}");
    }
}

#[test]
fn headers_are_written_as_in_the_rfcs() {
    let is_canonical = |name: &str| {
        let mut parts = name.split('-');
        let small = name.bytes().any(|byte| byte.is_ascii_lowercase());
        small && parts.all(|part| part.starts_with(|first: char| first.is_ascii_uppercase()))
    };

    for operation in Operation::all() {
        let parameters = operation.parameters("header").into_iter();
        let requests = parameters.filter_map(|parameter| parameter["name"].as_str());
        let responses = operation.responses().into_iter();
        let responses = responses.flat_map(|(_, response)| members(&response["headers"]));

        for name in requests.chain(responses.map(|(name, _)| &**name)) {
            assert!(is_canonical(name), "{operation}: {name}");
        }
    }
}
