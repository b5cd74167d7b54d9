//! What the router knows and the framework does not tell: a path's one spelling, its template, its methods.

use std::collections::{BTreeSet, HashMap};

use poem::http::{HeaderValue, Uri, uri::PathAndQuery};
use poem_openapi::OpenApi;

/// Every route of the site.
#[derive(Debug)]
pub(crate) struct Routes {
    by_pattern: HashMap<String, Route>,
    fixed: Vec<String>,
}

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    /// As the document writes it, `/tweet/{id}`: bounded, unlike paths, so fit for labels.
    pub(crate) template: String,
    /// The methods it has, for `Allow`.
    pub(crate) allow: HeaderValue,
}

impl Routes {
    pub(crate) fn of<A: OpenApi>(api: A) -> Self {
        let mut table = HashMap::new();
        api.add_routes(&mut table);
        let fixed = table
            .keys()
            .filter(|pattern| !pattern.contains(':'))
            .cloned()
            .collect();
        let documented = A::meta().into_iter().flat_map(|api| api.paths);
        let templates: HashMap<_, _> = documented
            .map(|path| (pattern(&path.path), crate::with_slash(path.path)))
            .collect();
        let by_pattern = table.into_iter().map(|(pattern, endpoints)| {
            let mut methods: BTreeSet<_> = endpoints
                .keys()
                .map(|method| method.as_str().to_owned())
                .collect();
            if methods.contains("GET") {
                methods.insert("HEAD".to_owned());
            }
            let allow = methods.into_iter().collect::<Vec<_>>().join(", ");
            let allow = HeaderValue::from_str(&allow).unwrap_or_else(|_| HeaderValue::from_static(""));
            let template = templates.get(&pattern).unwrap_or(&pattern).clone();
            let route = Route { template, allow };
            (pattern, route)
        });
        Self {
            by_pattern: by_pattern.collect(),
            fixed,
        }
    }

    /// The route that a request matched, by the framework's pattern for it.
    pub(crate) fn get(&self, pattern: &str) -> Option<&Route> {
        self.by_pattern.get(pattern)
    }

    /// Adds or removes a trailing slash where that makes a path known. `None` when the path is fine as it is.
    pub(crate) fn respell(&self, uri: &Uri) -> Option<Uri> {
        let path = uri.path();
        if self.fixed.iter().any(|fixed| fixed == path) {
            return None;
        }
        let without = path.strip_suffix('/');
        let known = self
            .fixed
            .iter()
            .find(|fixed| fixed.strip_suffix('/') == Some(path));
        let path = known.map(String::as_str).or(without)?;
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
        Uri::from_parts(parts).ok()
    }
}

/// From the document's `/tweet/{id}` to the framework's `/tweet/:param0`, which numbers the parameters.
fn pattern(template: &str) -> String {
    let mut count = 0;
    let segments = template.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        count += 1;
        format!(":param{}", count - 1)
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn routes() -> Routes {
        let fixed = ["/", "/tweet/", "/livez"].map(str::to_owned).to_vec();
        Routes {
            by_pattern: HashMap::new(),
            fixed,
        }
    }

    #[test]
    fn a_slash_comes_or_goes_where_that_helps() {
        let routes = routes();
        let respelled = |uri: &'static str| routes.respell(&Uri::from_static(uri)).map(|uri| uri.to_string());
        for fine in [
            "/",
            "/tweet/",
            "/livez",
            "/tweet/01K",
            "/nothing",
            "/tweet/?before=x/",
        ] {
            assert_eq!(respelled(fine), None, "{fine}");
        }
        assert_eq!(respelled("/tweet").as_deref(), Some("/tweet/"));
        assert_eq!(respelled("/tweet?limit=1").as_deref(), Some("/tweet/?limit=1"));
        assert_eq!(respelled("/livez/").as_deref(), Some("/livez"));
        assert_eq!(respelled("/tweet/01K/").as_deref(), Some("/tweet/01K"));
        assert_eq!(pattern("/tweet/{id}/reply/{n}"), "/tweet/:param0/reply/:param1");
    }
    proptest! {
        #[test]
        fn nothing_but_one_slash_comes_or_goes(
            authority in "(http://[a-z]{1,3}(:[0-9]{1,4})?)?",
            path in "(tweet|livez)?/{0,2}|(/|tweet|[a%.]{1,4}|[!-~&&[^?#]]{0,9}|[é\u{2028}]){0,3}",
            query in "([?][!-~&&[^#]]{0,9})?",
        ) {
            let Ok(sent) = format!("{authority}/{path}{query}").parse::<Uri>() else { return Ok(()) };
            let routes = routes();
            let is_fixed = |path: &str| routes.fixed.iter().any(|fixed| fixed == path);
            let slashed = format!("{}/", sent.path());
            let path = match sent.path().strip_suffix('/') {
                _ if is_fixed(sent.path()) => sent.path(),
                _ if is_fixed(&slashed) => &slashed,
                without => without.unwrap_or(sent.path()),
            };
            let respelled = routes.respell(&sent).unwrap_or_else(|| sent.clone());
            prop_assert_eq!(respelled.path(), path);
            prop_assert_eq!(respelled.query(), sent.query());
            prop_assert_eq!(respelled.authority(), sent.authority());
            prop_assert_eq!(respelled.scheme(), sent.scheme());
        }
    }
}
