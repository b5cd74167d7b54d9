//! The names of headers.

use serde_json::Value;

use super::walk::{operations, parameters, responses};

/// Writes the names of headers as the RFCs do. The framework writes them in capitals, and generators make names of
/// arguments and fields from them.
pub(super) fn canonical_names(document: &mut Value) {
    for operation in operations(document) {
        let parameters = parameters(operation).into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "header") {
            let name = parameter["name"].as_str().map(canonical);
            parameter["name"] = name.into();
        }

        for (_, response) in responses(operation) {
            if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) {
                let named = std::mem::take(headers).into_iter();
                headers.extend(named.map(|(name, header)| (canonical(&name), header)));
            }
        }
    }
}

/// Parts of names that are not a word with one capital.
const PARTS: [&str; 3] = ["ETag", "ID", "WWW"];

/// `CACHE-CONTROL` is `Cache-Control`. A name with a small letter is as its author wrote it.
fn canonical(name: &str) -> String {
    if name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return name.to_owned();
    }

    let parts = name.split('-').map(|part| {
        let known = PARTS.iter().find(|known| known.eq_ignore_ascii_case(part));
        known.map_or_else(|| capitalized(part), |known| (*known).to_owned())
    });
    parts.collect::<Vec<_>>().join("-")
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_owned() + &rest.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_in_the_rfcs() {
        for (name, expected) in [
            ("LOCATION", "Location"),
            ("CACHE-CONTROL", "Cache-Control"),
            ("ETAG", "ETag"),
            ("X-REQUEST-ID", "X-Request-ID"),
            ("WWW-AUTHENTICATE", "WWW-Authenticate"),
            ("Idempotent-Replayed", "Idempotent-Replayed"),
            ("X--A", "X--A"),
        ] {
            assert_eq!(canonical(name), expected);
        }
    }
}
