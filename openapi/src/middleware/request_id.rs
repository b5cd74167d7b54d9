//! The id that ties a request to its response and to its lines in the log.

use std::sync::Arc;

use domain::{Clock, TOKEN_PREFIX};
use poem::{
    Request,
    http::{HeaderName, HeaderValue},
};
use poem_openapi::registry::MetaSchema;
use ulid::Ulid;

use super::log_ids::LogIds;
use crate::http::schema::schema_type;

/// The header, in requests and responses.
pub(crate) static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: `[A-Za-z0-9._@-]{1,128}`, so that it is safe in a header, in JSON and in a log line.
/// A client may choose it; one that is missing, does not fit or looks like a token is replaced by a new ULID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id of the request that this task serves; `None` outside of requests.
    pub fn current() -> Option<Self> {
        LogIds::with_current(|ids| ids.request.clone())
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn of(request: &Request, clock: &dyn Clock) -> Self {
        let sent = request
            .headers()
            .get(&HEADER)
            .and_then(|value| value.to_str().ok());

        match sent.filter(|id| is_valid(id)) {
            Some(id) => Self(id.into()),
            None => {
                let id = Ulid::from_datetime(clock.now().into());
                Self((*id.array_to_str(&mut [0; ulid::ULID_LEN])).into())
            }
        }
    }

    pub(super) fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

impl Default for RequestId {
    /// `-`, which means no id in log lines.
    fn default() -> Self {
        Self("-".into())
    }
}

fn is_valid(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    (1..=128).contains(&id.len()) && id.bytes().all(allowed) && !id.contains(TOKEN_PREFIX)
}

/// The header as the document describes it.
pub(crate) struct RequestIdHeader;
schema_type!(
    RequestIdHeader,
    MetaSchema {
        pattern: Some("^[A-Za-z0-9._@-]{1,128}$".to_owned()),
        ..MetaSchema::new("string")
    }
);

#[cfg(test)]
mod tests {
    use domain::testing::FixedClock;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_have_only_harmless_characters(sent in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut request = Request::default();
            if let Ok(value) = HeaderValue::from_bytes(&sent) {
                request.headers_mut().insert(&HEADER, value);
            }

            let id = RequestId::of(&request, &FixedClock::at_millis(0));

            prop_assert!(is_valid(id.as_str()));
            prop_assert!(id.as_str().as_bytes() == sent || id.as_str().len() == ulid::ULID_LEN);
        }

        #[test]
        fn valid_ids_of_clients_are_used(sent in "[A-Za-z0-9._@-]{1,128}") {
            let mut request = Request::default();
            request.headers_mut().insert(&HEADER, HeaderValue::from_str(&sent).expect("a header"));

            let id = RequestId::of(&request, &FixedClock::at_millis(0));

            prop_assert_eq!(id.as_str(), sent);
        }
    }
}
