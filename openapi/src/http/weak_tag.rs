//! Weak entity tags (RFC 9110, 8.8.1): for what may be sent compressed or not.

use std::hash::{BuildHasher, Hash, Hasher};

use domain::{Id, Version};
use foldhash::quality::FixedState;

use crate::{VERSION, http::base_url::BaseUrl};

/// An entity tag for a page of these items, each in this version; an item that never changes is always in its first
/// one. `link` is the page's `Link`. If bodies show more than their items and the base, such as a sum, that must be
/// part of the tag as well.
///
/// It is weak, because the page may be compressed for one client and not for another (RFC 9110, 8.8.1). It is made
/// without the body, so that a 304 costs no JSON; a release may write items in another way, so its version is part of
/// the tag.
pub fn page_tag<T>(
    base: &BaseUrl,
    link: Option<&str>,
    items: impl Iterator<Item = (Id<T>, Version)>,
) -> String {
    let mut hasher = hasher();
    (VERSION, base.as_str(), link).hash(&mut hasher);
    for (id, version) in items {
        (id.as_u128(), version.get()).hash(&mut hasher);
    }

    weak(&hasher)
}

/// An entity tag for a text that may be compressed.
pub(crate) fn weak_tag(text: &str) -> String {
    let mut hasher = hasher();
    text.hash(&mut hasher);

    weak(&hasher)
}

/// Not the standard library's hasher, which costs more because it resists chosen input: the service itself assigns what
/// changes within a page, ids and versions. All processes of a build make the same tags. Another version of foldhash
/// may make others; then clients fetch again what they have.
fn hasher() -> impl Hasher {
    FixedState::default().build_hasher()
}

fn weak(hasher: &impl Hasher) -> String {
    format!("W/\"{:016x}\"", hasher.finish())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    /// What a page's tag is made from: host, link, and the id and version of each item.
    type PageParts = (u8, Option<u8>, Vec<(u8, i64)>);

    fn tag_of_page((host, link, items): &PageParts) -> String {
        let base = BaseUrl::FromRequest(format!("http://{host}.example"));
        let link = link.map(|link| link.to_string());
        let items = items.iter().map(|(id, version)| {
            let version = Version::new(*version).expect("a version");
            (Id::<()>::from_u128(u128::from(*id)), version)
        });

        page_tag(&base, link.as_deref(), items)
    }

    proptest! {
        #[test]
        fn pages_have_one_tag_exactly_if_all_parts_are_equal(
            a in (0..2_u8, option::of(0..2_u8), vec((0..3_u8, 1..3_i64), 0..3)),
            b in (0..2_u8, option::of(0..2_u8), vec((0..3_u8, 1..3_i64), 0..3)),
        ) {
            let (tag_a, tag_b) = (tag_of_page(&a), tag_of_page(&b));
            prop_assert_eq!(tag_a == tag_b, a == b);
        }
    }
}
