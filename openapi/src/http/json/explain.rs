//! Explains serde's errors to clients, without quoting the body.
//!
//! serde reports errors as text only, and its texts quote the body. This file recognises them by their prefixes, and
//! takes from them only what is known to come from the code: names of members, lists of variants and the domain's
//! reasons. If a later version of serde words an error differently, its reason becomes "is not valid": less helpful, but
//! still a 400 that quotes nothing. The test `every_violation_has_a_pointer_and_a_reason` in `parse.rs` has a case for
//! each text that is recognised here, and fails then.

use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::http::{problem::Violation, values::DOMAIN_ERROR};

/// The reason if serde's text is not recognised.
const UNKNOWN: &str = "is not valid";

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
            return Violation::new(pointer + &pointer_segment(name.trim_end_matches('`')), reason);
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
        UNKNOWN.to_owned()
    }
}

fn mistyped(found: &str, expected: &str) -> String {
    let expected = match expected {
        "a string" | "a boolean" => expected,
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
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
    } else if message.starts_with("lone leading surrogate") || message.starts_with("unexpected end of hex") {
        "must be Unicode text: it has half a surrogate pair"
    } else if message.starts_with("expected value") {
        "has the wrong type"
    } else {
        UNKNOWN
    }
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => pointer_segment(key),
            Segment::Enum { variant } => pointer_segment(variant),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

/// `/` and the name, escaped for a JSON Pointer (RFC 6901).
pub(super) fn pointer_segment(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_texts_of_serde_become_a_general_reason() {
        for text in [
            "",
            "`<b>` is not welcome",
            "invalid sort: string \"<b>\", expected u8",
        ] {
            assert_eq!(data_error(text), UNKNOWN, "{text}");
            assert_eq!(syntax_error(text), UNKNOWN, "{text}");
        }

        assert_eq!(mistyped("string \"<b>\"", "<b>"), "has the wrong type");
        assert_eq!(
            mistyped("<b>", "a string"),
            "must be a string, not something else"
        );
    }
}
