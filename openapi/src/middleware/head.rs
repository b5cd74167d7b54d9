//! Layer: HEAD wherever there is GET.

use futures_util::FutureExt;
use poem::{
    Request, Response,
    http::{Method, StatusCode, header::CONTENT_LENGTH},
};

use super::layer::{Layer, Rejection};

/// Serves HEAD as GET and removes the body, so that the headers are those of GET (RFC 9110, 9.3.2).
pub(crate) struct Head;

impl Layer for Head {
    /// Whether the request is a HEAD.
    type State = bool;

    fn before(&self, request: &mut Request) -> Result<bool, Rejection> {
        let is_head = request.method() == Method::HEAD;
        if is_head {
            request.set_method(Method::GET);
        }
        Ok(is_head)
    }

    fn after(&self, is_head: bool, response: &mut Response) {
        if !is_head {
            return;
        }

        // Bodies are in memory as a whole, so their length is known at once.
        let body = response.take_body().into_bytes().now_or_never();
        if let Some(Ok(body)) = body
            && response.status() != StatusCode::NOT_MODIFIED
        {
            response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
        }
    }
}
