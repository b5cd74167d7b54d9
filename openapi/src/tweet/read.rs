//! A tweet's text out of whatever was sent.

use std::{borrow::Cow, collections::HashSet, fmt};

use domain::TweetText;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::http::problem::Violation;

pub(super) fn text_of(body: &[u8]) -> Result<TweetText, Violation> {
    let document = |reason: Cow<'static, str>| Violation::new("", reason);
    let json = std::str::from_utf8(body)
        .map_err(|error| document(format!("is not UTF-8 from byte {} on", error.valid_up_to()).into()))?;
    if json.trim_ascii().is_empty() {
        return Err(document("is empty; {\"text\": \"…\"} is expected".into()));
    }
    let members: Members<'_> = serde_json::from_str(json).map_err(|error| {
        document(match error.classify() {
            serde_json::error::Category::Data => "must be a JSON object".into(),
            _ => format!(
                "is not JSON: see line {}, column {}",
                error.line(),
                error.column()
            )
            .into(),
        })
    })?;
    if let Some(violation) = members.violation {
        return Err(violation);
    }
    let text = |reason: Cow<'static, str>| Violation::new("/text", reason);
    let raw = members.text.ok_or_else(|| text("is missing".into()))?.get();
    let kind = match raw.as_bytes().first() {
        Some(b'"') => {
            // Well-formed JSON may still spell half a surrogate pair, which is no character.
            let decoded: String = serde_json::from_str(raw)
                .map_err(|_| text("must be Unicode text: it has half a surrogate pair".into()))?;
            return TweetText::new(&decoded).map_err(|error| text(error.to_string().into()));
        }
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        _ => "a number",
    };
    Err(text(format!("must be a string, not {kind}").into()))
}

/// The members of the outermost object. A violation found among them does not stop the reading: whether the whole is
/// JSON at all comes first.
struct Members<'a> {
    text: Option<&'a RawValue>,
    violation: Option<Violation>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members {
                    text: None,
                    violation: None,
                };
                let mut others = HashSet::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let value: &RawValue = map.next_value()?;
                    if name == "text" {
                        if members.text.replace(value).is_some() {
                            members.violation = Some(Violation::new("/text", "is there more than once"));
                        }
                    } else if !others.insert(name) {
                        members.violation = Some(Violation::new("", "has a member more than once"));
                    } else if nested_too_deeply(value) {
                        members.violation = Some(Violation::new("", "is nested too deeply"));
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Values nobody reads are skipped without recursion, at any depth; what no other reader of JSON would take is refused
/// all the same.
fn nested_too_deeply(value: &RawValue) -> bool {
    value.get().starts_with(['[', '{'])
        && serde_json::from_str::<Value>(value.get()).is_err_and(|error| error.is_syntax())
}
