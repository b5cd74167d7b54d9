//! JSON bodies of requests and responses, read and written by serde.
//!
//! A resource defines one struct per body, with serde's derive and `poem_openapi::Object`, whose fields are
//! [values](crate::http::values). A member that may be missing is an [`Optional`](crate::http::values::Optional), so that
//! serde and the schema agree on it. A handler takes or returns the struct as [`Json`].

mod explain;
#[cfg(test)]
mod kinds_tests;
mod members;
mod parse;
mod violations;

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, combinators::BoxBody};
use poem::{
    IntoResponse, Request, RequestBody, Response,
    error::ReadBodyError,
    http::{
        HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH},
    },
};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{self, ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::http::problem::{Problem, ProblemType};

/// The largest request body that is read, in bytes. A larger one is a 413.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The smallest capacity, in bytes, of the buffer for a response.
const MIN_CAPACITY: usize = 1024;

/// How much capacity each item of a list adds, in bytes; the total is at least [`MIN_CAPACITY`].
const BYTES_PER_ITEM: usize = 256;

/// A JSON body. As an argument of a handler, it is read from the request; each member that is invalid becomes a
/// [`Violation`](crate::http::problem::Violation) with a JSON Pointer and a reason. As a response, it is written.
///
/// `poem_openapi::payload::Json` builds a `serde_json::Value` first, and its errors quote the body.
#[derive(Debug)]
pub struct Json<T>(pub T);

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
        if is_encoded(request) {
            return Err(Problem::new(ProblemType::UNSUPPORTED_CONTENT_ENCODING)
                // RFC 9110, 12.5.3.
                .with_header(ACCEPT_ENCODING, "identity")
                .into());
        }
        // Before the body is asked for, so that a client that waits for "100 Continue" sends nothing.
        if content_length(request).is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return Err(too_large().into());
        }

        let bytes = read(body).await?;
        let value = parse::parse(&bytes).map_err(|first| {
            let violations = violations::collect::<T>(&bytes, first);
            Problem::new(ProblemType::INVALID_BODY).with_errors(violations)
        })?;
        Ok(Self(value))
    }
}

impl_apirequest_for_payload!(Json<T>, T: Type + DeserializeOwned);

fn content_length(request: &Request) -> Option<u64> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Reads the body into one buffer, which grows with what arrives. The chunks that hyper hands out are parts of its own
/// buffers: many chunks of one byte each would keep many kilobytes alive.
async fn read(body: &mut RequestBody) -> poem::Result<Bytes> {
    let mut body = BoxBody::<Bytes, io::Error>::from(body.take()?);
    let first = next_chunk(&mut body).await?.unwrap_or_default();
    // Most bodies are one chunk.
    let Some(second) = next_chunk(&mut body).await? else {
        return Ok(first);
    };

    let mut buffer = Vec::new();
    append(&mut buffer, first)?;
    append(&mut buffer, second)?;
    while let Some(chunk) = next_chunk(&mut body).await? {
        append(&mut buffer, chunk)?;
    }

    Ok(buffer.into())
}

/// The next part of the body, at most [`MAX_BODY_BYTES`] long.
async fn next_chunk(body: &mut BoxBody<Bytes, io::Error>) -> poem::Result<Option<Bytes>> {
    while let Some(frame) = body.frame().await {
        // What is not data are trailers, which are ignored.
        if let Ok(chunk) = frame.map_err(ReadBodyError::Io)?.into_data() {
            check_length(chunk.len())?;
            return Ok(Some(chunk));
        }
    }

    Ok(None)
}

/// Appends a chunk to a buffer whose capacity at most doubles, and never exceeds [`MAX_BODY_BYTES`].
fn append(buffer: &mut Vec<u8>, chunk: Bytes) -> Result<(), Problem> {
    let length = buffer.len() + chunk.len();
    check_length(length)?;

    if length > buffer.capacity() {
        let capacity = length.max(2 * buffer.capacity()).min(MAX_BODY_BYTES);
        buffer.reserve_exact(capacity - buffer.len());
    }
    buffer.extend_from_slice(&chunk);

    Ok(())
}

fn check_length(length: usize) -> Result<(), Problem> {
    if length > MAX_BODY_BYTES {
        return Err(too_large());
    }

    Ok(())
}

/// Whether the body has a content coding, such as gzip.
fn is_encoded(request: &Request) -> bool {
    let mut codings = request.headers().get_all(CONTENT_ENCODING).iter();
    let is_identity = |value: &HeaderValue| {
        let mut codings = value.as_bytes().split(|byte| *byte == b',');
        codings.all(|coding| {
            let coding = coding.trim_ascii();
            coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
        })
    };

    !codings.all(is_identity)
}

fn too_large() -> Problem {
    Problem::new(ProblemType::BODY_TOO_LARGE)
}

impl<T: Type + Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        // sonic-rs, because it escapes text by SIMD: 20 items of 140 characters take 1.6 µs (emoji: 2.1 µs), with
        // serde_json 4.8 µs (10.1 µs); a whole request takes about 15 µs. It reserves space for the worst case of each
        // text, so the buffer starts large enough for most single items, and for most pages. What is no list is one
        // element.
        let items = self.0.raw_element_iter().count();
        let mut json = Vec::with_capacity((items * BYTES_PER_ITEM).max(MIN_CAPACITY));

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
/// error, because `IntoResponse` returns none, nor a status, because the framework sets that of the operation
/// afterwards.
///
/// Today's bodies have string keys and fields that never fail; a later one may not.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a response could not be serialised: {0}")]
pub struct SerializeError(String);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn problem_of_a_body_that_is_too_large_states_the_limit() {
        let limit = format!(" {} KiB", MAX_BODY_BYTES / 1024);
        assert!(ProblemType::BODY_TOO_LARGE.detail.ends_with(&limit));
    }

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
