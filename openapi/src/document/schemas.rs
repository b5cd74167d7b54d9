//! Formats, limits and media types that every generator knows.

use serde_json::{Map, Value};

use super::walk::{Members, members, operations, responses, visit_objects};

/// Writes formats of Rust as those of OpenAPI 3.0: a validator in strict mode rejects a document with any other.
pub(super) fn portable_formats(document: &mut Value) {
    visit_objects(document, &mut |members| {
        let format = match members.get("format").and_then(Value::as_str) {
            Some("uint8" | "uint16") => "int32",
            Some("uint32" | "uint64") => "int64",
            _ => return,
        };

        members.insert("format".to_owned(), format.into());
        members.entry("minimum").or_insert_with(|| 0.into());
    });
}

/// Writes the limits of whole numbers as whole numbers, which the framework writes as floats: `200.0` does not compile
/// as an integer of most languages. A limit that a float cannot hold exactly is left out.
pub(super) fn whole_bounds(document: &mut Value) {
    /// 2^53: every smaller whole number is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;

    visit_objects(document, &mut |members| {
        if members.get("type").is_none_or(|kind| kind != "integer") {
            return;
        }

        for name in ["minimum", "maximum", "multipleOf"] {
            let Some(bound) = members.get_mut(name) else {
                continue;
            };
            match bound.as_f64() {
                Some(number) if number.abs() < EXACT && number.fract() == 0.0 => {
                    *bound = (number as i64).into();
                }
                _ => {
                    members.shift_remove(name);
                }
            }
        }
    });
}

/// Gives a nullable reference, which is wrapped in `allOf`, the type of what it refers to: `nullable` counts only beside
/// a type (OpenAPI 3.0.3, Schema Object). Read strictly, `allOf` still excludes null; generators do not read it so.
pub(super) fn typed_nullables(document: &mut Value) {
    let schemas = members(document.pointer_mut("/components/schemas"));
    let types: Members = schemas
        .filter_map(|(name, schema)| {
            let reference = format!("#/components/schemas/{name}");
            Some((reference, schema.get("type")?.clone()))
        })
        .collect();

    visit_objects(document, &mut |members| {
        if members.get("nullable") != Some(&Value::Bool(true)) || members.contains_key("type") {
            return;
        }
        let reference = members.get("allOf").and_then(|all| all[0]["$ref"].as_str());
        if let Some(kind) = reference.and_then(|reference| types.get(reference)) {
            members.insert("type".to_owned(), kind.clone());
        }
    });
}

/// Writes media types without parameters: generators compare them with the ones that they know as they stand.
pub(super) fn plain_media_types(document: &mut Value) {
    for operation in operations(document) {
        for (_, response) in responses(operation) {
            let content = members(response.get_mut("content"));
            let plain: Map<_, _> = content
                .map(|(name, body)| {
                    let essence = name.split(';').next().unwrap_or_default().trim();
                    (essence.to_owned(), body.take())
                })
                .collect();
            if !plain.is_empty() {
                response["content"] = plain.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nullable_reference_has_the_type_of_what_it_refers_to() {
        let itself = json!({"nullable": true, "allOf": [{"$ref": "#/components/schemas/Node"}]});
        let schemas = json!({"Node": {"type": "object", "properties": {"parent": itself}}});
        let mut document = json!({"components": {"schemas": schemas}});

        typed_nullables(&mut document);

        let parent = &document["components"]["schemas"]["Node"]["properties"]["parent"];
        assert_eq!(parent["type"], "object");
        assert_eq!(parent["allOf"], itself["allOf"]);
    }

    #[test]
    fn limits_of_whole_numbers_are_whole_numbers() {
        let mut document = json!([
            {"type": "integer", "minimum": 1.0, "maximum": 200.0},
            {"type": "integer", "maximum": i64::MAX as f64},
            {"type": "number", "maximum": 1.0},
        ]);

        whole_bounds(&mut document);

        let expected = r#"[{"type":"integer","minimum":1,"maximum":200},{"type":"integer"},{"type":"number","maximum":1.0}]"#;
        assert_eq!(document.to_string(), expected);
    }
}
