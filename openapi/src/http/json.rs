//! JSON answers, serialised once, by serde.

use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    payload::Payload,
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

/// A JSON answer. `poem_openapi::payload::Json` builds a `serde_json::Value` first; this writes the bytes at once.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        // Takes a third of serde_json's time for a page, which is mostly the search for what must be escaped. It keeps
        // room for the worst case of each text; a tweet fits at once.
        let mut json = Vec::with_capacity(1024);
        match sonic_rs::to_writer(&mut json, &self.0) {
            Ok(()) => Response::builder().content_type(Self::CONTENT_TYPE).body(json),
            // Our own types have string keys and infallible fields; a later one may not.
            Err(error) => {
                tracing::error!(%error, "an answer could not be serialised");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::problem::Violation;

    proptest! {
        #[test]
        fn whatever_a_text_holds_it_stays_one_json_string(text in "[\\s\\S]{0,9}|[\"\\\\<>&\0-\u{1f}\u{2028}]{0,9}") {
            let response = Json(Violation::new("/text", text.clone())).into_response();
            let body = response.into_body().into_vec().now_or_never().expect("a whole body").expect("a body");
            prop_assert!(body.iter().all(|byte| *byte >= b' '), "{}", String::from_utf8_lossy(&body).escape_debug());
            let read: Value = serde_json::from_slice(&body).expect("JSON");
            prop_assert_eq!(read, json!({"pointer": "/text", "detail": text}));
        }
    }
}
