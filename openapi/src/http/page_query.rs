//! Pages of a collection: the query for one, and the link to the next.

use domain::{Id, Page, PageLimit};

use crate::http::{
    base_url::BaseUrl,
    params::{BeforeParam, LimitParam},
    problem::{Problem, ProblemType, Violation},
};

/// The valid query for a page.
#[derive(Debug)]
pub struct PageQuery<T> {
    /// Only items with a smaller id.
    pub before: Option<Id<T>>,
    /// The maximum number of items.
    pub limit: PageLimit,
}

impl<T> PageQuery<T> {
    /// # Errors
    /// A 400 that names every invalid parameter.
    pub fn new(limit: Option<LimitParam>, before: Option<BeforeParam<T>>) -> Result<Self, Problem> {
        let limit = limit.map_or(Ok(PageLimit::default()), |limit| {
            limit.0.ok_or_else(|| {
                let reason = format!("must be a whole number from 1 to {}", PageLimit::MAX);
                Violation::new("/limit", reason)
            })
        });
        let before = before
            .map(|before| before.0)
            .transpose()
            .map_err(|reason| Violation::new("/before", reason.to_string()));

        match (limit, before) {
            (Ok(limit), Ok(before)) => Ok(Self { before, limit }),
            (limit, before) => {
                let errors = limit.err().into_iter().chain(before.err());
                Err(Problem::new(ProblemType::INVALID_QUERY).with_errors(errors.collect()))
            }
        }
    }

    /// The `Link` to the page after `page` (RFC 8288); `None` on the last one. `collection` is the collection's path.
    pub fn next_link(&self, base: &BaseUrl, collection: &str, page: &Page<T>) -> Option<String> {
        let next = page.next?;
        let (url, limit) = (base.join(collection), self.limit.get());
        Some(format!("<{url}?limit={limit}&before={next}>; rel=\"next\""))
    }
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;
    use poem_openapi::types::ParseFromParameter;
    use proptest::{option, prelude::*};

    use super::*;

    fn query(limit: Option<&str>, before: Option<&str>) -> Result<PageQuery<()>, Problem> {
        let limit = limit.map(|limit| LimitParam::parse_from_parameter(limit).expect("any text"));
        let before = before.map(|before| BeforeParam::parse_from_parameter(before).expect("any text"));
        PageQuery::new(limit, before)
    }

    #[test]
    fn next_link_repeats_the_limit() {
        let query = query(Some("7"), None).expect("a valid query");
        let page = |next| Page { items: vec![], next };
        let id: Id<()> = Id::from_u128(1);

        let link = query.next_link(&BaseUrl::example(), "/things/", &page(Some(id)));
        let expected = format!("<http://localhost:8000/things/?limit=7&before={id}>; rel=\"next\"");
        assert_eq!(link, Some(expected));
        assert_eq!(
            query.next_link(&BaseUrl::example(), "/things/", &page(None)),
            None
        );
    }

    proptest! {
        #[test]
        fn a_query_is_accepted_or_every_invalid_parameter_is_named(
            limit in option::of(prop_oneof!["[+-]?[0-9]{1,4}", "[0-9 .e]{0,21}", any::<String>()]),
            before in option::of(prop_oneof![
                "[0-8][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{24,26}",
                "[0-7][0-9A-Za-z]{25}",
                any::<String>(),
            ]),
        ) {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let number = |text: &str| if digits(text) { text.parse().unwrap_or(0) } else { 0 };
            let expected_limit = limit.as_deref().map_or(50, number);
            let expected_before = before.as_deref().map(str::parse::<Id<()>>);
            let invalid = (!(1..=200).contains(&expected_limit), matches!(expected_before, Some(Err(_))));

            match query(limit.as_deref(), before.as_deref()) {
                Ok(query) => {
                    prop_assert_eq!(invalid, (false, false));
                    prop_assert_eq!(query.limit.get(), expected_limit);
                    prop_assert_eq!(query.before, expected_before.and_then(Result::ok));
                }
                Err(problem) => {
                    let named = |pointer: &str| problem.errors.iter().any(|error| error.pointer == pointer);
                    prop_assert_eq!((named("/limit"), named("/before")), invalid);
                    prop_assert_eq!(problem.errors.len(), usize::from(invalid.0) + usize::from(invalid.1));
                    prop_assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
                }
            }
        }
    }
}
