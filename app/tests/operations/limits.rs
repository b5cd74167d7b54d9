//! Limits in the document mean the same in every language, so that no client refuses what the service accepts or
//! stores.

use std::collections::BTreeSet;

use serde_json::Value;

use super::operation::{DOCUMENT, Operation, members, resolve};

/// Calls `visit` with every value of a schema, and of what it refers to.
fn visit<'a>(schema: &'a Value, seen: &mut BTreeSet<&'a str>, each: &mut impl FnMut(&'a Value)) {
    if let Some(reference) = schema["$ref"].as_str() {
        if seen.insert(reference) {
            visit(resolve(schema), seen, each);
        }
        return;
    }

    each(schema);
    let items = schema.as_array().into_iter().flatten();
    for part in items.chain(members(schema).map(|(_, member)| member)) {
        visit(part, seen, each);
    }
}

/// PCRE has no `\u`; quotation marks, slashes and backslashes have to be escaped where a pattern is a literal; RE2 has
/// no `(?=`. Beyond ASCII, the units differ.
#[test]
fn patterns_are_the_same_in_every_dialect() {
    visit(&DOCUMENT, &mut BTreeSet::new(), &mut |value| {
        let Some(pattern) = value["pattern"].as_str() else {
            return;
        };
        let is_portable = pattern.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            && !pattern.contains(['\\', '/', '"', '\''])
            && !pattern.contains("(?");

        assert!(is_portable, "languages read this pattern differently: {pattern}");
    });
}

/// JavaScript counts an emoji as two, Swift a letter with its accent as one.
#[test]
fn no_body_has_a_limit_of_length_that_languages_count_differently() {
    for operation in Operation::all() {
        let mut seen = BTreeSet::new();

        let responses = operation
            .responses()
            .into_iter()
            .map(|(_, response)| &response["content"]);
        for content in responses {
            visit(content, &mut seen, &mut |schema| {
                let limits = ["minLength", "maxLength"].map(|name| schema[name].is_u64());
                assert_eq!(limits, [false, false], "{operation} responds with {schema}");
            });
        }

        if let Some(request) = operation.description.get("requestBody") {
            visit(request, &mut seen, &mut |schema| {
                assert!(!schema["maxLength"].is_u64(), "{operation} takes {schema}");
            });
        }
    }
}
