//! Layer: gzip, for clients that accept it, where it pays.
//!
//! Bodies are in memory as a whole, so each is compressed at once. What an operation streams passes as it is.

use std::{future, io};

use bytes::Bytes;
use flate2::Compression as Level;
use futures_util::{FutureExt, TryFutureExt, stream};
use http_body::Body as _;
use http_body_util::{BodyExt, Collected, combinators::BoxBody};
use poem::{
    Body, Request, Response,
    http::{
        HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG},
    },
};

use super::layer::{Layer, Rejection};
use crate::http::{
    gzip::{self, Preference},
    preconditions::NO_STORE,
    vary::vary_by,
};

/// A shorter body fits into the first packets of a connection either way.
const MIN_LEN: u64 = 2 * 1024;

/// A longer body would keep the thread, and so the other requests on it, for more than some milliseconds.
const MAX_LEN: u64 = 1024 * 1024;

/// Level 1 leaves a quarter more bytes; higher levels than this one save 2 % and take up to four times as long.
const LEVEL: u32 = 2;

/// The media types of the service that are text.
const COMPRESSIBLE: [&[u8]; 3] = [b"application/json", b"application/yaml", b"text/"];

/// Compresses successful responses, and adds `Vary` to those that depend on `Accept-Encoding`.
///
/// A response with a strong entity tag is never compressed: such a tag names exactly these bytes (RFC 9110, 8.8.3.3),
/// and clients send it back as `If-Match`, where a weak one does not match. Nor is one that no cache may store: a
/// secret beside what a client chose could be guessed from the length of both (BREACH).
pub(crate) struct Compression;

impl Layer for Compression {
    /// The values of `Accept-Encoding`, which are understood only if the response depends on them.
    type State = Vec<HeaderValue>;

    fn before(&self, request: &mut Request) -> Result<Self::State, Rejection> {
        let accepted = request.headers().get_all(ACCEPT_ENCODING);
        Ok(accepted.iter().cloned().collect())
    }

    fn after(&self, accepted: Self::State, response: &mut Response) {
        if !depends_on_coding(response) {
            return;
        }
        vary_by(response.headers_mut(), "accept-encoding");

        let is_encoded = response.headers().contains_key(CONTENT_ENCODING);
        let min_len = match Preference::of(&accepted) {
            Preference::Identity => return,
            Preference::Gzip => MIN_LEN,
            Preference::GzipOnly => 0,
        };
        if response.status() == StatusCode::OK && !is_encoded {
            compress(response, min_len);
        }
    }
}

/// Whether another `Accept-Encoding` could have led to another response.
fn depends_on_coding(response: &Response) -> bool {
    let headers = response.headers();
    // A strong tag decides first: single items are what most requests get.
    let tag = headers.get(ETAG).map(HeaderValue::as_bytes);
    if tag.is_some_and(|tag| !tag.starts_with(b"W/")) {
        return false;
    }
    if headers.get(CACHE_CONTROL).is_some_and(|value| value == NO_STORE) {
        return false;
    }

    match response.status() {
        StatusCode::OK => {
            let media_type = headers.get(CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
            COMPRESSIBLE.iter().any(|start| media_type.starts_with(start))
        }
        // A cache compares its `Vary` with that of the 200 (RFC 9110, 15.4.5).
        StatusCode::NOT_MODIFIED => tag.is_some(),
        _ => false,
    }
}

fn compress(response: &mut Response, min_len: u64) {
    let body = BoxBody::<Bytes, io::Error>::from(response.take_body());
    let len = body.size_hint().exact();
    if !len.is_some_and(|len| (min_len..=MAX_LEN).contains(&len)) {
        response.set_body(body);
        return;
    }

    let mut collected = body.collect().map_ok(Collected::to_bytes);
    let body = match (&mut collected).now_or_never() {
        Some(Ok(body)) => body,
        Some(Err(error)) => return response.set_body(later(future::ready(Err(error)))),
        None => return response.set_body(later(collected)),
    };

    match gzip::compress(&body, Level::new(LEVEL)) {
        Ok(compressed) => {
            response.set_body(compressed);
            let gzip = HeaderValue::from_static("gzip");
            response.headers_mut().insert(CONTENT_ENCODING, gzip);
        }
        Err(_) => response.set_body(body),
    }
}

/// A body that is not ready yet, or that fails.
fn later(body: impl Future<Output = io::Result<Bytes>> + Send + 'static) -> Body {
    Body::from_bytes_stream(stream::once(body))
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
        vec,
    };

    use http_body::{Frame, SizeHint};
    use poem::{IntoResponse, http::header::VARY};

    use super::*;

    /// A body of a known length: what it says each time it is polled.
    struct Polled(vec::IntoIter<Poll<io::Result<Bytes>>>);

    impl http_body::Body for Polled {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            match self.0.next() {
                Some(Poll::Ready(chunk)) => Poll::Ready(Some(chunk.map(Frame::data))),
                Some(Poll::Pending) => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                None => Poll::Ready(None),
            }
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(9999)
        }
    }

    /// The values of `Accept-Encoding`.
    const GZIP: &str = "gzip";
    const GZIP_ONLY: &str = "gzip, identity;q=0";
    const IDENTITY: &str = "identity";

    /// The response after the layer, to a client that accepts this, and its body.
    fn after(accepted: &'static str, mut response: Response) -> (Response, Bytes) {
        Compression.after(vec![HeaderValue::from_static(accepted)], &mut response);
        let body = response.take_body().into_bytes().now_or_never();
        (response, body.expect("a whole body").expect("a body"))
    }

    fn json(len: usize) -> Response {
        let body = "x".repeat(len);
        Response::builder()
            .content_type("application/json; charset=utf-8")
            .body(body)
    }

    fn with_tag(tag: &'static str, response: Response) -> Response {
        response.with_header(ETAG, tag).into_response()
    }

    fn is_compressed(response: &Response) -> bool {
        response.header(CONTENT_ENCODING) == Some("gzip")
    }

    #[test]
    fn body_is_compressed_between_two_lengths() {
        let (min, max) = (MIN_LEN as usize, MAX_LEN as usize);

        for (accepted, len, expected) in [
            (GZIP, min - 1, false),
            (GZIP, min, true),
            (GZIP, max, true),
            (GZIP, max + 1, false),
            (GZIP_ONLY, 1, true),
            (GZIP_ONLY, max + 1, false),
            (IDENTITY, min, false),
        ] {
            let (response, body) = after(accepted, json(len));

            assert_eq!(is_compressed(&response), expected, "{accepted} {len}");
            assert_eq!(response.header(VARY), Some("accept-encoding"), "{accepted} {len}");
            let plain = if expected {
                gzip::decompress(&body).expect("gzip").into()
            } else {
                body
            };
            assert_eq!(plain, "x".repeat(len));
        }
    }

    /// `If-Match` would not match a weak tag, nor the tag of another coding.
    #[test]
    fn strong_tag_is_that_of_the_bytes_that_are_sent() {
        let (response, body) = after(GZIP_ONLY, with_tag("\"1\"", json(9999)));
        assert!(!is_compressed(&response));
        assert_eq!((response.header(VARY), body.len()), (None, 9999));
        assert_eq!(response.header(ETAG), Some("\"1\""));

        let (response, _) = after(GZIP, with_tag("W/\"1\"", json(9999)));
        assert!(is_compressed(&response));
        assert_eq!(response.header(ETAG), Some("W/\"1\""));
    }

    #[test]
    fn other_statuses_media_types_and_codings_pass_as_they_are() {
        let status = |status| json(9999).with_status(status).into_response();
        let problem = "application/problem+json";
        let media_type = |name: &'static str| json(9999).with_content_type(name).into_response();
        let encoded = json(9999).with_header(CONTENT_ENCODING, "br").into_response();

        for (response, varies) in [
            (status(StatusCode::CREATED), false),
            (
                status(StatusCode::NOT_FOUND)
                    .with_content_type(problem)
                    .into_response(),
                false,
            ),
            (status(StatusCode::SERVICE_UNAVAILABLE), false),
            (media_type("image/png"), false),
            (
                json(9999).with_header(CACHE_CONTROL, NO_STORE).into_response(),
                false,
            ),
            (encoded, true),
        ] {
            let before = response.headers().get(CONTENT_ENCODING).cloned();
            let (response, body) = after(GZIP, response);
            assert_eq!(response.headers().get(CONTENT_ENCODING).cloned(), before);
            assert_eq!(response.header(VARY).is_some(), varies, "{response:?}");
            assert_eq!(body.len(), 9999);
        }
    }

    #[tokio::test]
    async fn body_that_is_not_ready_or_fails_is_not_lost() {
        let chunk = |len| Poll::Ready(Ok(Bytes::from("x".repeat(len))));
        let after = |polls: Vec<_>| {
            let body = Body::from(BoxBody::new(Polled(polls.into_iter())));
            let mut response = Response::builder().content_type("text/plain").body(body);
            Compression.after(vec![HeaderValue::from_static(GZIP)], &mut response);

            assert!(!is_compressed(&response));
            response.take_body().into_bytes()
        };

        let body = after(vec![chunk(5000), Poll::Pending, chunk(4999)]).await;
        assert_eq!(body.expect("a body"), "x".repeat(9999));

        let failure = Poll::Ready(Err(io::Error::other("the store is gone")));
        let error = after(vec![chunk(5000), failure]).await.expect_err("a failure");
        assert!(error.to_string().contains("the store is gone"), "{error}");
    }

    #[test]
    fn stream_passes_as_it_is() {
        let chunks = [Ok::<_, io::Error>("a".repeat(5000)), Ok("b".repeat(5000))];
        let stream = Body::from_bytes_stream(futures_util::stream::iter(chunks));
        let streamed = Response::builder().content_type("text/plain").body(stream);

        let (response, body) = after(GZIP, streamed);
        assert!(!is_compressed(&response));
        assert_eq!(body.len(), 10_000);
    }
}
