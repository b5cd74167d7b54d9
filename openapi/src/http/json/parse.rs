//! From the bytes of a body to its value, or to the first thing that is wrong.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use super::{explain::explain, members::Members};
use crate::http::problem::Violation;

/// The deepest nesting that is accepted, anywhere in the body: the limit of `serde_json`'s own recursion.
const MAX_DEPTH: usize = 127;

/// Parses a JSON object. Members that `T` does not have are ignored. A name that occurs twice is refused, because
/// parsers differ in which value they take: at any depth for members of `T`, in the outermost object for others.
///
/// `T` must not contain maps: their keys would be repeated in pointers.
///
/// # Errors
/// A violation that quotes nothing from the body. That the body is not JSON comes before all else.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Violation> {
    let json = std::str::from_utf8(body)
        .map_err(|error| body_violation(format!("is not UTF-8 from byte {} on", error.valid_up_to())))?;
    let json = without_byte_order_mark(json);
    if json.trim_ascii().is_empty() {
        return Err(body_violation("is empty; a JSON object is expected"));
    }

    // Decodes names, but no values.
    let members: Members<IgnoredAny> =
        serde_json::from_str(json).map_err(|error| match error.classify() {
            Category::Data => body_violation("must be a JSON object"),
            _ => body_violation(format!(
                "is not JSON: see line {}, column {}",
                error.line(),
                error.column()
            )),
        })?;

    let value = match serde_json::from_str(json) {
        Ok(value) => value,
        // Tracking the path costs more than the rest, so it is done only once there is an error to explain.
        Err(_) => serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json))
            .map_err(|error| explain(&error))?,
    };

    // After the violations that have a more exact pointer.
    if members.has_duplicates() {
        return Err(body_violation("has a member more than once"));
    }
    if opening_brackets(json) > MAX_DEPTH && depth(json) > MAX_DEPTH {
        return Err(body_violation("is nested too deeply"));
    }

    Ok(value)
}

/// RFC 8259, section 8.1: a byte order mark may be ignored.
pub(super) fn without_byte_order_mark(json: &str) -> &str {
    json.strip_prefix('\u{feff}').unwrap_or(json)
}

/// A violation of the body as a whole.
fn body_violation(reason: impl Into<Cow<'static, str>>) -> Violation {
    Violation::new("", reason.into())
}

/// An upper bound of the depth, which is faster to find.
fn opening_brackets(json: &str) -> usize {
    json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count()
}

/// How deeply arrays and objects are nested in well-formed JSON. serde skips ignored members at any depth; here they
/// are measured, because other parsers would refuse them.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);

    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }

    deepest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::Text;
    use proptest::{collection::vec, prelude::*};
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::values::TextInput;

    /// A body with each kind of member.
    #[derive(Debug, Deserialize)]
    struct Sample {
        name: TextInput<5>,
        count: Option<u8>,
        #[serde(default)]
        parts: Vec<Part>,

        #[expect(dead_code, reason = "only its type matters")]
        flag: Option<bool>,
        #[expect(dead_code, reason = "only its type matters")]
        ratio: Option<f64>,
        #[expect(dead_code, reason = "only its type matters")]
        inner: Option<Box<Self>>,
    }

    #[derive(Debug, Deserialize)]
    struct Part {
        #[serde(rename = "a/b~c")]
        label: TextInput<5>,
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Big,
        Small,
    }

    fn violation(body: &str) -> (String, String) {
        let violation = parse::<Sample>(body.as_bytes()).expect_err(body);
        (violation.pointer, violation.detail)
    }

    #[test]
    fn every_violation_has_a_pointer_and_a_reason() {
        for (body, pointer, reason) in [
            ("{}", "/name", "is missing"),
            (r#"{"name":1}"#, "/name", "must be a string, not a number"),
            (r#"{"name":1e999}"#, "/name", "is a number out of range"),
            (
                r#"{"name":"a","count":"<b>"}"#,
                "/count",
                "must be a whole number, not a string",
            ),
            (
                r#"{"name":"a","count":1.5}"#,
                "/count",
                "must be a whole number, not a fraction",
            ),
            (r#"{"name":"a","count":256}"#, "/count", "is out of range"),
            (r#"{"name":"a","count":-1}"#, "/count", "is out of range"),
            (
                r#"{"name":"a","count":1,"count":1}"#,
                "/count",
                "is there more than once",
            ),
            (
                r#"{"name":"a","parts":{}}"#,
                "/parts",
                "must be an array, not an object",
            ),
            (
                r#"{"name":"a","parts":[true]}"#,
                "/parts/0",
                "must be an object, not a boolean",
            ),
            (r#"{"name":"a","parts":[{}]}"#, "/parts/0/a~1b~0c", "is missing"),
            (
                r#"{"name":"a","parts":[{"a/b~c":"x"},{"a/b~c":""}]}"#,
                "/parts/1/a~1b~0c",
                "must contain something other than white space",
            ),
            (
                r#"{"name":"a","parts":[{"a/b~c":"x","kind":"<b>, expected `c`"}]}"#,
                "/parts/0/kind",
                "must be `big` or `small`",
            ),
            (
                r#"{"name":"\ud83e"}"#,
                "/name",
                "must be Unicode text: it has half a surrogate pair",
            ),
            (r#"{"name":"a","b":1,"b":1}"#, "", "has a member more than once"),
            (
                r#"{"name":1,"b":1,"b":1}"#,
                "/name",
                "must be a string, not a number",
            ),
            (r#"{"name":1"#, "", "is not JSON: see line 1, column 9"),
            (r#"{"name":null}"#, "/name", "must be a string, not null"),
            (r#"{"name":[]}"#, "/name", "must be a string, not an array"),
            (r#"{"name":1.5}"#, "/name", "must be a string, not a number"),
            (
                r#"{"name":"a","flag":{}}"#,
                "/flag",
                "must be a boolean, not an object",
            ),
            (
                r#"{"name":"a","ratio":false}"#,
                "/ratio",
                "must be a number, not a boolean",
            ),
            (
                r#"{"name":"\udc00"}"#,
                "/name",
                "must be Unicode text: it has half a surrogate pair",
            ),
            (
                r#"{"name":"a","parts":[{"a/b~c":"x","kind":1}]}"#,
                "/parts/0/kind",
                "has the wrong type",
            ),
        ] {
            assert_eq!(violation(body), (pointer.to_owned(), reason.to_owned()), "{body}");
        }
    }

    #[test]
    fn deep_nesting_of_known_members_is_refused() {
        let body = r#"{"name":"a","inner":"#.repeat(200) + "null" + &"}".repeat(200);

        let (pointer, reason) = violation(&body);

        assert!(pointer.starts_with("/inner/inner"), "{pointer}");
        assert_eq!(reason, "is nested too deeply");
    }

    #[test]
    fn other_members_are_ignored() {
        let body = r#"{"name":" a ","count":null,"b":{"c":[1e999,"\ud83e"]},"parts":[{"a/b~c":"x","kind":"big","b":1}]}"#;
        let sample: Sample = parse(body.as_bytes()).expect("a valid body");

        assert_eq!((sample.name.0.as_str(), sample.count), ("a", None));
        assert_eq!(sample.parts[0].label.0.as_str(), "x");
        assert!(matches!(sample.parts[0].kind, Some(Kind::Big)));
    }

    fn names() -> impl Strategy<Value = String> {
        prop_oneof![3 => Just("name".to_owned()), 1 => Just("count".to_owned()), 3 => "[ab<]", 1 => any::<String>()]
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,7}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];

        leaf.prop_recursive(3, 12, 4, |inner| {
            let object =
                vec((names(), inner.clone()), 0..4).prop_map(|members| members.into_iter().collect());
            prop_oneof![
                vec(inner, 0..4).prop_map(Value::Array),
                object.prop_map(Value::Object)
            ]
        })
    }

    /// The reason is ours from end to end: short, and without anything that only the body could have brought.
    fn quotes_nothing(violation: &Violation) -> Result<(), TestCaseError> {
        let pointers = ["", "/name", "/count", "/parts"];
        prop_assert!(pointers.contains(&&*violation.pointer), "{violation:?}");

        let harmless = |c: char| c.is_ascii_alphanumeric() || " ,:;+-`".contains(c);
        let reason = &violation.detail;
        prop_assert!(reason.len() < 80 && reason.chars().all(harmless), "{violation:?}");
        Ok(())
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused_without_quoting_them(
            bytes in vec(any::<u8>(), 0..60),
            (before, after) in prop_oneof![Just(("", "")), Just(("{\"name\":\"", "\"}")), Just(("{\"name\":", "}"))],
        ) {
            let body = [before.as_bytes(), &bytes, after.as_bytes()].concat();

            match parse::<Sample>(&body) {
                Ok(sample) => {
                    let read: BTreeMap<String, Value> = serde_json::from_slice(&body).expect("JSON");
                    prop_assert_eq!(Some(sample.name.0.as_str()), read["name"].as_str().map(str::trim));
                }
                Err(violation) => quotes_nothing(&violation)?,
            }
        }

        #[test]
        fn an_object_is_accepted_if_its_members_are_valid_and_unique(
            members in vec((names(), prop_oneof!["\\PC{0,7}".prop_map(Value::from), values()]), 0..5),
        ) {
            let written: Vec<_> = members.iter().map(|(name, value)| format!("{}: {value}", json!(name))).collect();
            let body = format!(" {{{}}}\n", written.join(","));
            let members: BTreeMap<_, _> = members.into_iter().collect();
            let name = members.get("name").and_then(|name| Text::<5>::new(name.as_str()?).ok());
            let count = members.get("count").unwrap_or(&Value::Null);
            let count_fits = count.is_null() || count.as_u64().is_some_and(|count| count < 256);
            let valid = name.is_some() && count_fits && members.len() == written.len();

            match parse::<Sample>(body.as_bytes()) {
                Ok(sample) => prop_assert!(valid && Some(sample.name.0) == name, "{body}"),
                Err(violation) => {
                    quotes_nothing(&violation)?;
                    prop_assert!(!valid, "{body}");
                }
            }
        }

        #[test]
        fn anything_but_an_object_is_refused(value in values()) {
            if !value.is_object() {
                prop_assert!(parse::<Sample>(value.to_string().as_bytes()).is_err());
            }
        }

        #[test]
        fn the_depth_limit_is_that_of_serde_json(
            depth in 120..135_usize,
            (open, close) in prop_oneof![Just(("[", "]")), Just(("{\"\\\"[\":", "}")), Just(("[\"{\\\\\",", "]"))],
        ) {
            let json = open.repeat(depth) + "1" + &close.repeat(depth);
            let accepted = serde_json::from_str::<Value>(&json).is_ok();
            prop_assert_eq!(super::depth(&json) <= MAX_DEPTH, accepted);
        }
    }
}
