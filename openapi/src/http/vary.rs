//! `Vary` (RFC 9110, 12.5.5): the request headers on which a response depends.

use poem::http::{HeaderMap, HeaderValue, header::VARY};

/// Adds the name of a request header. All names are in one field, because some caches heed only one.
pub(crate) fn vary_by(headers: &mut HeaderMap, name: &'static str) {
    let names = match headers.get(VARY) {
        Some(others) => [others.as_bytes(), b", ", name.as_bytes()].concat(),
        None => name.into(),
    };

    // Names of headers are always valid in a value.
    let names = HeaderValue::try_from(names).unwrap_or_else(|_| HeaderValue::from_static("*"));
    headers.insert(VARY, names);
}
