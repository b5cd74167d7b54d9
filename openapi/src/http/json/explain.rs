//! serde's errors in words of our own. serde's texts quote the body, so only what is known to come from the code is
//! taken from them: names of members, lists of variants and the domain's reasons.

use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::http::{problem::Violation, values::DOMAIN_ERROR};

/// The violation behind an error in a body that is well-formed JSON.
pub(super) fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Violation {
    let pointer = pointer(error.path());
    let error = error.inner();

    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&position).unwrap_or(&text);

    for (prefix, reason) in [
        ("missing field `", "is missing"),
        ("duplicate field `", "is there more than once"),
    ] {
        if let Some(name) = message.strip_prefix(prefix) {
            return Violation::new(pointer + &token(name.trim_end_matches('`')), reason);
        }
    }

    let reason = match error.classify() {
        Category::Data => data_error(message),
        _ => syntax_error(message).to_owned(),
    };
    Violation::new(pointer, reason)
}

/// Well-formed JSON of another type, or with another value, than is needed.
fn data_error(message: &str) -> String {
    if let Some(reason) = message.strip_prefix(DOMAIN_ERROR) {
        return reason.to_owned();
    }

    // `invalid type: string "…", expected u8`. What was found may quote the body; what is expected does not.
    let (found, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    if let Some(found) = found.strip_prefix("invalid type: ") {
        mistyped(found, expected)
    } else if found.starts_with("invalid value: ") {
        "is out of range".to_owned()
    } else if found.starts_with("unknown variant `") && !expected.is_empty() {
        format!("must be {expected}")
    } else {
        "is not valid".to_owned()
    }
}

fn mistyped(found: &str, expected: &str) -> String {
    let expected = match expected {
        "a string" | "a boolean" => expected,
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with(['u', 'i']) => "a whole number",
        _ => return "has the wrong type".to_owned(),
    };

    let found = match found.split(' ').next() {
        Some("null") => "null",
        Some("boolean") => "a boolean",
        Some("floating") if expected == "a whole number" => "a fraction",
        Some("integer" | "floating") => "a number",
        Some("string") => "a string",
        Some("sequence") => "an array",
        Some("map") => "an object",
        _ => "something else",
    };

    format!("must be {expected}, not {found}")
}

/// What `serde_json` only finds out when it decodes a value.
fn syntax_error(message: &str) -> &'static str {
    if message.starts_with("number out of range") {
        "is a number out of range"
    } else if message.starts_with("recursion limit exceeded") {
        "is nested too deeply"
    } else {
        "must be Unicode text: it has half a surrogate pair"
    }
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => token(key),
            Segment::Enum { variant } => token(variant),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

fn token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
