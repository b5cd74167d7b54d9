//! Pages of a collection: the query for one, and its links to others.

use domain::{Cursor, Id, Page, PageLimit};

use crate::http::{
    base_url::BaseUrl,
    params::{CursorParam, LimitParam, ReverseParam},
    problem::{Problem, ProblemType, Violation},
};

/// The valid query for a page.
#[derive(Debug)]
pub struct PageQuery<T> {
    /// Where the page begins.
    pub cursor: Cursor<T>,
    /// The maximum number of items.
    pub limit: PageLimit,
    /// Whether the response lists the items in the opposite order.
    reverse: bool,
}

impl<T> PageQuery<T> {
    /// # Errors
    /// A 400 that names every invalid parameter.
    pub fn new(
        limit: Option<LimitParam>,
        before: Option<CursorParam<T>>,
        after: Option<CursorParam<T>>,
        reverse: Option<ReverseParam>,
    ) -> Result<Self, Problem> {
        let has_both = before.is_some() && after.is_some();

        let limit = limit.map_or(Ok(PageLimit::default()), |limit| {
            limit.0.ok_or_else(|| {
                let reason = format!("must be a whole number from 1 to {}", PageLimit::MAX);
                Violation::new("/limit", reason)
            })
        });
        let before = cursor_id("/before", before, has_both.then_some("after"));
        let after = cursor_id("/after", after, has_both.then_some("before"));
        let reverse = reverse.map_or(Ok(false), |reverse| {
            let invalid = || Violation::new("/reverse", "must be true or false");
            reverse.0.ok_or_else(invalid)
        });

        match (limit, before, after, reverse) {
            (Ok(limit), Ok(before), Ok(after), Ok(reverse)) => Ok(Self {
                cursor: match (before, after) {
                    (Some(id), _) => Cursor::Before(id),
                    (None, Some(id)) => Cursor::After(id),
                    (None, None) => Cursor::Newest,
                },
                limit,
                reverse,
            }),
            (limit, before, after, reverse) => {
                let errors = [limit.err(), before.err(), after.err(), reverse.err()];
                let errors = errors.into_iter().flatten().collect();
                Err(Problem::new(ProblemType::INVALID_QUERY).with_errors(errors))
            }
        }
    }

    /// The items of a page in the order of the response.
    pub fn in_order(&self, mut items: Vec<T>) -> Vec<T> {
        if self.reverse {
            items.reverse();
        }
        items
    }

    /// The `Link` of a page (RFC 8288): `next`, `prev` and `first`, in this order, as far as they exist. `collection`
    /// is the collection's path.
    ///
    /// A page is part of one of two series: newest first or oldest first. Links stay within the series, so `prev` is
    /// the inverse of `next`. That is what `reverse` is for: the previous page holds the items on the other side of the
    /// cursor, which alone would begin the other series.
    ///
    /// No statement is needed: the lookahead item shows whether more items follow the page. Before it there are some if
    /// it has a cursor that is an item's id; the id of no item may lead to an empty page. An empty page has neither
    /// link, because no item marks where to go on.
    pub fn links(&self, base: &BaseUrl, collection: &str, page: &Page<T>) -> Option<String> {
        let (base, limit) = (base.as_str(), self.limit.get());
        let link = |rel: &str, cursor: &str, id: Id<T>, reverse: bool| {
            let reverse = if reverse { "&reverse=true" } else { "" };
            format!("<{base}{collection}?limit={limit}&{cursor}={id}{reverse}>; rel=\"{rel}\"")
        };

        let goes_to_older = !matches!(self.cursor, Cursor::After(_));
        let (onward, back) = if goes_to_older {
            ("before", "after")
        } else {
            ("after", "before")
        };
        let is_at_an_end = match self.cursor {
            Cursor::Newest => true,
            Cursor::Before(_) => false,
            Cursor::After(id) => id == smallest_id(),
        };

        let far = |rel| Some(link(rel, onward, page.next?, self.reverse));
        let near = |rel| {
            Some(link(
                rel,
                back,
                page.first.filter(|_| !is_at_an_end)?,
                !self.reverse,
            ))
        };
        let (next, prev) = if self.reverse {
            (near("next"), far("prev"))
        } else {
            (far("next"), near("prev"))
        };

        let is_newest_first = goes_to_older != self.reverse;
        let first = match (is_at_an_end && !self.reverse, is_newest_first) {
            (true, _) => None,
            (false, true) => Some(format!("<{base}{collection}?limit={limit}>; rel=\"first\"")),
            (false, false) => Some(link("first", "after", smallest_id(), false)),
        };

        let links = [next, prev, first].into_iter().flatten();
        links.reduce(|links, link| links + ", " + &link)
    }
}

/// The id of a cursor, which must not be beside `other`.
fn cursor_id<T>(
    pointer: &str,
    cursor: Option<CursorParam<T>>,
    other: Option<&str>,
) -> Result<Option<Id<T>>, Violation> {
    let id = cursor.map(|cursor| cursor.0).transpose();
    let id = id.map_err(|reason| Violation::new(pointer, reason.to_string()))?;

    match other {
        Some(other) => Err(Violation::new(
            pointer,
            format!("must not be combined with `{other}`"),
        )),
        None => Ok(id),
    }
}

/// Smaller than the id of any item, so that all items are after it.
fn smallest_id<T>() -> Id<T> {
    Id::from_u128(0)
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;
    use poem_openapi::types::ParseFromParameter;
    use proptest::{option, prelude::*};

    use super::*;

    fn query(
        limit: Option<&str>,
        before: Option<&str>,
        after: Option<&str>,
        reverse: Option<&str>,
    ) -> Result<PageQuery<()>, Problem> {
        let cursor = |id: &str| CursorParam::parse_from_parameter(id).expect("any text");

        PageQuery::new(
            limit.map(|limit| LimitParam::parse_from_parameter(limit).expect("any text")),
            before.map(cursor),
            after.map(cursor),
            reverse.map(|reverse| ReverseParam::parse_from_parameter(reverse).expect("any text")),
        )
    }

    /// The links of a page of the items from `first` to `last`, as far as they exist.
    fn links(cursor: Cursor<()>, reverse: bool, ids: Option<(u128, u128)>, has_more: bool) -> String {
        let query = PageQuery {
            cursor,
            limit: PageLimit::new(7).expect("a limit"),
            reverse,
        };
        let page = Page {
            items: vec![],
            first: ids.map(|(first, _)| Id::from_u128(first)),
            next: ids.filter(|_| has_more).map(|(_, last)| Id::from_u128(last)),
        };

        let links = query.links(&BaseUrl::example(), "/things/", &page);
        links
            .unwrap_or_default()
            .replace("<http://localhost:8000/things/?limit=7", "<")
            .replace(&"0".repeat(25), "")
    }

    #[test]
    fn links_lead_to_the_pages_that_exist_in_the_same_order() {
        let (before, after) = (Cursor::Before(Id::from_u128(6)), Cursor::After(Id::from_u128(2)));
        let oldest = Cursor::After(Id::from_u128(0));

        for (cursor, ids, has_more, expected) in [
            (Cursor::Newest, Some((9, 8)), true, r#"<&before=8>; rel="next""#),
            (Cursor::Newest, Some((9, 8)), false, ""),
            (Cursor::Newest, None, false, ""),
            (
                before,
                Some((5, 4)),
                true,
                r#"<&before=4>; rel="next", <&after=5&reverse=true>; rel="prev", <>; rel="first""#,
            ),
            (
                before,
                Some((5, 4)),
                false,
                r#"<&after=5&reverse=true>; rel="prev", <>; rel="first""#,
            ),
            (before, None, false, r#"<>; rel="first""#),
            (
                after,
                Some((3, 4)),
                true,
                r#"<&after=4>; rel="next", <&before=3&reverse=true>; rel="prev", <&after=0>; rel="first""#,
            ),
            (after, None, false, r#"<&after=0>; rel="first""#),
            (oldest, Some((1, 2)), true, r#"<&after=2>; rel="next""#),
        ] {
            assert_eq!(links(cursor, false, ids, has_more), expected, "{cursor:?}");
        }

        for (cursor, ids, has_more, expected) in [
            (
                after,
                Some((3, 4)),
                true,
                r#"<&before=3>; rel="next", <&after=4&reverse=true>; rel="prev", <>; rel="first""#,
            ),
            (
                after,
                Some((3, 4)),
                false,
                r#"<&before=3>; rel="next", <>; rel="first""#,
            ),
            (
                before,
                Some((5, 4)),
                true,
                r#"<&after=5>; rel="next", <&before=4&reverse=true>; rel="prev", <&after=0>; rel="first""#,
            ),
            (
                Cursor::Newest,
                Some((9, 8)),
                true,
                r#"<&before=8&reverse=true>; rel="prev", <&after=0>; rel="first""#,
            ),
            (
                oldest,
                Some((1, 2)),
                true,
                r#"<&after=2&reverse=true>; rel="prev", <>; rel="first""#,
            ),
        ] {
            assert_eq!(
                links(cursor, true, ids, has_more),
                expected,
                "{cursor:?}, reversed"
            );
        }
    }

    fn any_cursor() -> impl Strategy<Value = Option<String>> {
        option::of(prop_oneof![
            "[0-8][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{24,26}",
            "[0-7][0-9A-Za-z]{25}",
            any::<String>(),
        ])
    }

    proptest! {
        #[test]
        fn a_query_is_accepted_or_every_invalid_parameter_is_named(
            limit in option::of(prop_oneof!["[+-]?[0-9]{1,4}", "[0-9 .e]{0,21}", any::<String>()]),
            before in any_cursor(),
            after in any_cursor(),
            reverse in option::of(prop_oneof!["true|false", "[TtRrUuEe01]{0,4}", any::<String>()]),
        ) {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let number = |text: &str| if digits(text) { text.parse().unwrap_or(0) } else { 0 };
            let expected_limit = limit.as_deref().map_or(50, number);
            let id = |text: &Option<String>| text.as_deref().map(str::parse::<Id<()>>).transpose();
            let has_both = before.is_some() && after.is_some();
            let expected_reverse = reverse.as_deref().map_or(Ok(false), str::parse::<bool>);
            let invalid = [
                ("/limit", !(1..=200).contains(&expected_limit)),
                ("/before", has_both || id(&before).is_err()),
                ("/after", has_both || id(&after).is_err()),
                ("/reverse", expected_reverse.is_err()),
            ];
            let invalid = invalid.into_iter().filter(|(_, invalid)| *invalid).map(|(pointer, _)| pointer);

            match query(limit.as_deref(), before.as_deref(), after.as_deref(), reverse.as_deref()) {
                Ok(query) => {
                    prop_assert_eq!(invalid.count(), 0);
                    prop_assert_eq!(query.limit.get(), expected_limit);
                    prop_assert_eq!(Ok(query.reverse), expected_reverse);
                    let (expected_before, expected_after) = match query.cursor {
                        Cursor::Newest => (None, None),
                        Cursor::Before(id) => (Some(id), None),
                        Cursor::After(id) => (None, Some(id)),
                    };
                    prop_assert_eq!((id(&before), id(&after)), (Ok(expected_before), Ok(expected_after)));
                }
                Err(problem) => {
                    let named = problem.errors.iter().map(|error| &*error.pointer);
                    prop_assert!(named.eq(invalid));
                    prop_assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
                }
            }
        }
    }
}
