//! Formats, limits and media types that every generator knows.

use serde_json::{Map, Value};

use super::walk::{members, operations, responses, visit_objects};

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
