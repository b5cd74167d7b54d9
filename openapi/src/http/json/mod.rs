//! JSON bodies of requests and responses, read and written by serde.
//!
//! A resource defines one struct per body, with serde's derive and `poem_openapi::Object`, whose fields are
//! [values](crate::http::values). A handler takes or returns it as [`Json`].

mod explain;
mod parse;

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited, combinators::BoxBody};
use poem::{
    IntoResponse, Request, RequestBody, Response,
    error::ReadBodyError,
    http::{StatusCode, header::CONTENT_LENGTH},
};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{self, ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::http::problem::Problem;

/// The largest request body that is read, in bytes. A larger one is a 413.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;

/// A JSON body. As an argument of a handler, it is read from the request; everything that is wrong with it becomes a
/// [`Violation`](crate::http::problem::Violation) with a JSON Pointer and a reason. As a response, it is written.
///
/// `poem_openapi::payload::Json` builds a `serde_json::Value` first, and its errors quote the body.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        payload::Json::<T>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + DeserializeOwned> ParsePayload for Json<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        // Before the body is asked for, so that a client that waits for "100 Continue" sends nothing.
        if content_length(request).is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return Err(too_large().into());
        }

        let bytes = read(body).await?;
        let value = parse::parse(&bytes)
            .map_err(|violation| Problem::bad_request("the body is not valid", vec![violation]))?;
        Ok(Self(value))
    }
}

impl_apirequest_for_payload!(Json<T>, T: Type + DeserializeOwned);

fn content_length(request: &Request) -> Option<u64> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

async fn read(body: &mut RequestBody) -> poem::Result<Bytes> {
    // `Body::into_bytes_limit` would hold a buffer of 4 KiB in the request's future, and copy through it.
    let body = Limited::new(BoxBody::<Bytes, io::Error>::from(body.take()?), MAX_BODY_BYTES);

    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(match error.downcast() {
            Ok(error) => ReadBodyError::Io(*error).into(),
            Err(_limit) => too_large().into(),
        }),
    }
}

fn too_large() -> Problem {
    let detail = format!("the body must be at most {} KiB", MAX_BODY_BYTES / 1024);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

impl<T: Type + Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        // sonic-rs, because it escapes text by SIMD: 20 items of 140 characters take 1.6 µs (emoji: 2.1 µs), with
        // serde_json 4.8 µs (10.1 µs); a whole request takes about 15 µs. It reserves space for the worst case of each
        // text, so the buffer starts large enough for most single items.
        let mut json = Vec::with_capacity(1024);

        match sonic_rs::to_writer(&mut json, &self.0) {
            Ok(()) => Response::builder().content_type(Self::CONTENT_TYPE).body(json),
            Err(error) => {
                let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
                response.set_data(SerializeError(error.to_string()));
                response
            }
        }
    }
}

/// Data of a response whose body could not be serialised; the `problems` layer turns it into a problem. It cannot be an
/// error, because `IntoResponse` returns none, nor a status, because the framework sets that of the operation afterwards.
///
/// Today's bodies have string keys and fields that never fail; a later one may not.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a response could not be serialised: {0}")]
pub(crate) struct SerializeError(String);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_written_as_one_json_string(text in "[\\s\\S]{0,9}|[\"\\\\<>&\0-\u{1f}\u{2028}]{0,9}") {
            let response = Json(text.clone()).into_response();
            let body = response.into_body().into_vec().now_or_never().expect("a whole body").expect("a body");

            prop_assert!(body.iter().all(|byte| *byte >= b' '), "{}", String::from_utf8_lossy(&body).escape_debug());
            prop_assert_eq!(serde_json::from_slice::<String>(&body).expect("JSON"), text);
        }
    }
}
