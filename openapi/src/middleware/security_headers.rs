//! The headers that tell browsers what an answer must not be used for; every answer has them.

use poem::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};

/// No guessing of types, no framing, and no word to other sites about where one came from.
static ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// An answer of the API is data: nothing in it is to be run, shown or loaded. A page that is more says so itself.
static DATA: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// A year, for this host alone: of subdomains we know nothing.
static A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds them. `secure` is whether the request came over TLS: only then may a browser be told to insist on it
/// (RFC 6797, 7.2).
pub(crate) fn add(headers: &mut HeaderMap, secure: bool) {
    for (name, value) in &ALWAYS {
        headers.insert(name, value.clone());
    }
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert_with(|| DATA.clone());
    if secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, A_YEAR.clone());
    }
}
