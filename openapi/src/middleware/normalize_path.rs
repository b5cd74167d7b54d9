//! Layer: a trailing slash is optional.

use std::sync::Arc;

use poem::{
    Request, Response,
    http::{Uri, uri::PathAndQuery},
};

use super::layer::{Layer, Rejection};
use crate::routes::Routes;

/// Adds or removes one trailing slash where that turns the path of a request into one of a route.
pub(crate) struct NormalizePath(pub(crate) Arc<Routes>);

impl Layer for NormalizePath {
    type State = ();

    fn before(&self, request: &mut Request) -> Result<(), Rejection> {
        if let Some(uri) = normalize(request.uri(), &self.0.fixed_paths) {
            *request.uri_mut() = uri;
        }
        Ok(())
    }

    fn after(&self, (): (), _: &mut Response) {}
}

/// The URI with its trailing slash added or removed; `None` if it is fine as it is. `fixed_paths` are the paths of the
/// routes without parameters.
fn normalize(uri: &Uri, fixed_paths: &[String]) -> Option<Uri> {
    let path = uri.path();
    if fixed_paths.iter().any(|fixed| fixed == path) {
        return None;
    }

    let with_slash = fixed_paths
        .iter()
        .find(|fixed| fixed.strip_suffix('/') == Some(path));
    // One slash, not several: `/collection//` is another path.
    let without_slash = path.strip_suffix('/').filter(|path| !path.ends_with('/'));
    let path = with_slash.map(String::as_str).or(without_slash)?;

    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fixed_paths() -> Vec<String> {
        ["/", "/collection/", "/livez"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_slash_is_added_or_removed_where_a_route_needs_it() {
        let normalized =
            |uri: &'static str| normalize(&Uri::from_static(uri), &fixed_paths()).map(|uri| uri.to_string());

        for unchanged in [
            "/",
            "/collection/",
            "/livez",
            "/collection/01K",
            "/nothing",
            "/collection/?before=x/",
            "/collection//",
        ] {
            assert_eq!(normalized(unchanged), None, "{unchanged}");
        }

        assert_eq!(normalized("/collection").as_deref(), Some("/collection/"));
        assert_eq!(
            normalized("/collection?limit=1").as_deref(),
            Some("/collection/?limit=1")
        );
        assert_eq!(normalized("/livez/").as_deref(), Some("/livez"));
        assert_eq!(normalized("/collection/01K/").as_deref(), Some("/collection/01K"));
    }

    proptest! {
        #[test]
        fn nothing_but_one_trailing_slash_changes(
            authority in "(http://[a-z]{1,3}(:[0-9]{1,4})?)?",
            path in "(collection|livez)?/{0,2}|(/|collection|[a%.]{1,4}|[!-~&&[^?#]]{0,9}|[é\u{2028}]){0,3}",
            query in "([?][!-~&&[^#]]{0,9})?",
        ) {
            let Ok(sent) = format!("{authority}/{path}{query}").parse::<Uri>() else { return Ok(()) };
            let is_fixed = |path: &str| fixed_paths().iter().any(|fixed| fixed == path);
            let slashed = format!("{}/", sent.path());
            let expected = match sent.path().strip_suffix('/') {
                _ if is_fixed(sent.path()) => sent.path(),
                _ if is_fixed(&slashed) => &slashed,
                Some(without) if !without.ends_with('/') => without,
                _ => sent.path(),
            };

            let normalized = normalize(&sent, &fixed_paths()).unwrap_or_else(|| sent.clone());

            prop_assert_eq!(normalized.path(), expected);
            prop_assert_eq!(normalized.query(), sent.query());
            prop_assert_eq!(normalized.authority(), sent.authority());
            prop_assert_eq!(normalized.scheme(), sent.scheme());
        }
    }
}
