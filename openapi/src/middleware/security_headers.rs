//! Layer: the headers that tell browsers and caches what a response must not be used for.

use poem::{
    Request, Response,
    http::{
        HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
        uri::Scheme,
    },
};

use super::{
    forwarded::Forwarded,
    layer::{Layer, Rejection},
};
use crate::http::preconditions::{NO_CACHE, NO_STORE};

/// No guessing of media types, no framing, and no `Referer` to other sites.
static ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// A response of the API is data: nothing in it may run, be shown or be loaded. A page sets its own policy.
static DATA_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// `Cache-Control` unless a handler says otherwise. A response without it may be stored and reused (RFC 9111, 4.2.2),
/// which Varnish does for two minutes, although it may have URLs that were made from this request's headers.
static CACHE_POLICY: HeaderValue = HeaderValue::from_static(NO_CACHE);

/// The same for errors, which have a request id and a cause that are those of one request.
static ERROR_CACHE_POLICY: HeaderValue = HeaderValue::from_static(NO_STORE);

/// One year, for this host alone: nothing is known about its subdomains.
static HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers to every response.
pub(crate) struct SecurityHeaders;

impl Layer for SecurityHeaders {
    /// Whether the request came over TLS: only then may a browser be told to insist on it (RFC 6797, 7.2).
    type State = bool;

    fn before(&self, request: &mut Request) -> Result<bool, Rejection> {
        Ok(*Forwarded::scheme(request) == Scheme::HTTPS)
    }

    fn after(&self, over_tls: bool, response: &mut Response) {
        let status = response.status();
        let is_error = status.is_client_error() || status.is_server_error();
        let cache_policy = if is_error {
            &ERROR_CACHE_POLICY
        } else {
            &CACHE_POLICY
        };

        let headers = response.headers_mut();
        for (name, value) in &ALWAYS {
            headers.insert(name, value.clone());
        }

        headers
            .entry(CONTENT_SECURITY_POLICY)
            .or_insert_with(|| DATA_POLICY.clone());
        headers
            .entry(CACHE_CONTROL)
            .or_insert_with(|| cache_policy.clone());

        if over_tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS.clone());
        }
    }
}
