//! `Idempotency-Key`, by which a client may try again without storing anything twice.

use domain::IdempotencyKey;
use poem::http::HeaderMap;
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseFromParameter, ParseResult},
};
use serde_json::json;

use crate::{
    http::problem::{Problem, Violation},
    http::schema::schema_type,
};

/// The header, in requests.
pub(crate) const HEADER: &str = "idempotency-key";

/// The header as the document describes it. What was sent is read by [`key_of`], because the framework leaves out
/// values it cannot read, and a key must not be ignored.
#[derive(Debug)]
pub(crate) struct KeyParam;
schema_type!(
    KeyParam,
    MetaSchema {
        min_length: Some(1),
        max_length: Some(IdempotencyKey::MAX_CHARS),
        pattern: Some("^[!-~]{1,255}$".to_owned()),
        example: Some(json!("8e03978e-40d5-43e8-bc93-6894a57f9324")),
        ..MetaSchema::new("string")
    }
);

impl ParseFromParameter for KeyParam {
    fn parse_from_parameter(_: &str) -> ParseResult<Self> {
        Ok(Self)
    }
}

/// The key a request carries, if it carries one.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(HEADER).into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let reason = match (value.to_str().map(str::parse), values.next()) {
        (_, Some(_)) => "must be there once".to_owned(),
        (Ok(Ok(key)), None) => return Ok(Some(key)),
        (Ok(Err(reason)), None) => reason.to_string(),
        (Err(_), None) => domain::ParseIdempotencyKeyError.to_string(),
    };
    let violation = Violation::new("/Idempotency-Key", reason);
    Err(Problem::bad_request(
        "the Idempotency-Key header is not valid",
        vec![violation],
    ))
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_taken_as_it_is_or_refused(sent in proptest::collection::vec(any::<u8>(), 0..300)) {
            let Ok(value) = HeaderValue::from_bytes(&sent) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(HEADER.parse().expect("a name"), value)]);
            let valid = (1..=255).contains(&sent.len()) && sent.iter().all(u8::is_ascii_graphic);
            match key_of(&headers) {
                Ok(key) => prop_assert!(valid && key.is_some_and(|key| key.as_str().as_bytes() == sent)),
                Err(_) => prop_assert!(!valid),
            }
        }

        #[test]
        fn every_visible_key_is_taken(sent in "[!-~]{1,255}") {
            let value = HeaderValue::from_str(&sent).expect("a header");
            let headers = HeaderMap::from_iter([(HEADER.parse().expect("a name"), value)]);
            prop_assert!(key_of(&headers).is_ok_and(|key| key.is_some_and(|key| key.as_str() == sent)));
        }
    }
}
