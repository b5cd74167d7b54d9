//! `Idempotency-Key`, with which a client may repeat a creation without storing anything twice.

use domain::{CreateIdempotentError, CreateOutcome, IdempotencyKey, ParseIdempotencyKeyError};
use poem::http::HeaderMap;
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseFromParameter, ParseResult},
};

use crate::http::{
    problem::{Problem, ProblemType, Violation},
    schema::schema_type,
};

/// The name of the request header.
pub const HEADER: &str = "idempotency-key";

/// The header in the OpenAPI document. Its value is read by [`idempotency_key`]: poem-openapi treats a header that is
/// not text as absent, and a key must not be ignored.
#[derive(Debug)]
pub struct IdempotencyKeyParam;

// Without an example: pages that send requests would fill it in, and store nothing the second time.
schema_type!(
    IdempotencyKeyParam,
    MetaSchema {
        min_length: Some(1),
        max_length: Some(IdempotencyKey::MAX_CHARS),
        pattern: Some(format!("^[!-~]{{1,{}}}$", IdempotencyKey::MAX_CHARS)),
        ..MetaSchema::new("string")
    }
);

impl ParseFromParameter for IdempotencyKeyParam {
    fn parse_from_parameter(_: &str) -> ParseResult<Self> {
        Ok(Self)
    }
}

/// The key of a request, if it has one.
///
/// # Errors
/// A 400 if the header is malformed or occurs more than once.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(HEADER).into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };

    let key = value
        .to_str()
        .map_err(|_| ParseIdempotencyKeyError)
        .and_then(str::parse);
    let reason = match (key, values.next()) {
        (Ok(key), None) => return Ok(Some(key)),
        (Err(reason), None) => reason.to_string(),
        (_, Some(_)) => "must be there once".to_owned(),
    };

    let violation = Violation::new("/Idempotency-Key", reason);
    Err(Problem::new(ProblemType::INVALID_IDEMPOTENCY_KEY).with_errors(vec![violation]))
}

/// The stored item, and the value of the response header `Idempotent-Replayed`.
pub fn replayed<T>(outcome: CreateOutcome<T>) -> (T, Option<bool>) {
    match outcome {
        CreateOutcome::Created(item) => (item, None),
        CreateOutcome::Replayed(item) => (item, Some(true)),
    }
}

impl From<CreateIdempotentError> for Problem {
    fn from(error: CreateIdempotentError) -> Self {
        match error {
            CreateIdempotentError::KeyReused => Self::new(ProblemType::IDEMPOTENCY_KEY_REUSED),
            CreateIdempotentError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(value: HeaderValue) -> HeaderMap {
        HeaderMap::from_iter([(HEADER.parse().expect("a name"), value)])
    }

    proptest! {
        #[test]
        fn a_key_is_read_unchanged_or_refused(sent in proptest::collection::vec(any::<u8>(), 0..300)) {
            let Ok(value) = HeaderValue::from_bytes(&sent) else { return Ok(()) };
            let valid = (1..=255).contains(&sent.len()) && sent.iter().all(u8::is_ascii_graphic);

            match idempotency_key(&headers(value)) {
                Ok(key) => prop_assert!(valid && key.is_some_and(|key| key.as_str().as_bytes() == sent)),
                Err(_) => prop_assert!(!valid),
            }
        }

        #[test]
        fn every_valid_key_is_accepted(sent in "[!-~]{1,255}") {
            let value = HeaderValue::from_str(&sent).expect("a header");
            let key = idempotency_key(&headers(value));
            prop_assert!(key.is_ok_and(|key| key.is_some_and(|key| key.as_str() == sent)));
        }
    }
}
