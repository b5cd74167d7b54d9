//! Conditional requests for immutable items (RFC 9110, 8.8 and 13): the entity tag is made from the id.
//!
//! A mutable resource needs more: a version in its entity tag, `Cache-Control: no-cache` instead of [`IMMUTABLE`], and
//! `If-Match` on its writes, with a 412 if the version is another (RFC 9110, 13.1.1), so that no update is lost.

use domain::Id;
use poem::{
    http::HeaderMap,
    web::headers::{ETag, HeaderMapExt, IfNoneMatch},
};

/// `Cache-Control` of an item that never changes: any cache may hold it for a year, the longest time in common use,
/// without revalidation (RFC 8246).
pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A strong entity tag for an immutable item: whatever has this id has the same content.
pub(crate) fn entity_tag<T>(id: Id<T>) -> String {
    ["\"", id.encode(&mut [0; domain::ID_LEN]), "\""].concat()
}

/// Whether the client's copy is current, so that the response is a 304: its `If-None-Match` lists the tag or is `*`. A
/// malformed header counts as absent.
pub(crate) fn is_not_modified(headers: &HeaderMap, tag: &str) -> bool {
    let condition: Option<IfNoneMatch> = headers.typed_get();
    let tag: Option<ETag> = tag.parse().ok();

    condition
        .zip(tag)
        .is_some_and(|(condition, tag)| !condition.precondition_passes(&tag))
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn only_a_listed_tag_or_a_star_is_not_modified() {
        let tag = entity_tag(Id::<()>::from_u128(1));
        let other = entity_tag(Id::<()>::from_u128(2));

        for (sent, expected) in [
            (tag.clone(), true),
            (format!("W/{tag}"), true),
            (format!("{other}, {tag}"), true),
            ("*".to_owned(), true),
            (other, false),
            (tag.replace('"', ""), false),
            (String::new(), false),
        ] {
            let value = HeaderValue::from_str(&sent).expect("a header");
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]);
            assert_eq!(is_not_modified(&headers, &tag), expected, "{sent}");
        }
        assert!(!is_not_modified(&HeaderMap::new(), &tag));
    }
}
