//! Layer: the one place that decides to close a connection after its response.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use poem::{
    Request, Response,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
    },
};

use super::layer::{Layer, Rejection};

/// A body up to this size, in bytes, usually arrives in one packet with its header.
const SMALL_BODY: u64 = 4096;

/// Announces `Connection: close` (RFC 9112, 9.6)
/// - while the service is draining, so that clients connect to another instance;
/// - when part of the request's body may never be read: the client must not send another request behind it.
pub(crate) struct ConnectionClose {
    draining: Arc<AtomicBool>,
}

impl ConnectionClose {
    /// `draining`: whether the service is about to stop.
    pub(crate) fn new(draining: &Arc<AtomicBool>) -> Self {
        Self {
            draining: Arc::clone(draining),
        }
    }
}

impl Layer for ConnectionClose {
    /// Whether the body may be too long to have arrived together with its header.
    type State = bool;

    fn before(&self, request: &mut Request) -> Result<bool, Rejection> {
        Ok(has_long_body(request.headers()))
    }

    fn after(&self, long_body: bool, response: &mut Response) {
        let status = response.status();
        // A 408 means that the body never arrived as a whole (RFC 9110, 15.5.9).
        let unread_body = status == StatusCode::REQUEST_TIMEOUT || long_body && status.is_client_error();

        if unread_body || self.draining.load(Relaxed) {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

fn has_long_body(headers: &HeaderMap) -> bool {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());

    headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length > SMALL_BODY)
}
