//! `Vary` (RFC 9110, 12.5.5): the request headers on which a response depends.

use poem::http::{HeaderMap, HeaderValue, header::VARY};

/// Adds the name of a request header. All names are in one field, because some caches heed only one.
pub(crate) fn vary_by(headers: &mut HeaderMap, name: &'static str) {
    let others = headers.get_all(VARY).iter().map(HeaderValue::as_bytes);
    let names: Vec<_> = others.chain([name.as_bytes()]).collect();

    // Names of headers are always valid in a value.
    let names = HeaderValue::from_bytes(&names.join(&b", "[..]));
    headers.insert(VARY, names.unwrap_or_else(|_| HeaderValue::from_static("*")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_fields_are_kept_in_one() {
        for (fields, expected) in [
            (&[][..], "accept-encoding"),
            (&["origin"], "origin, accept-encoding"),
            (
                &["origin", "accept, cookie"],
                "origin, accept, cookie, accept-encoding",
            ),
        ] {
            let mut headers = HeaderMap::new();
            for &field in fields {
                headers.append(VARY, HeaderValue::from_static(field));
            }

            vary_by(&mut headers, "accept-encoding");
            let fields: Vec<_> = headers.get_all(VARY).iter().collect();
            assert_eq!(fields, [expected]);
        }
    }
}
