//! Parameters: the schema tells what is allowed, the text is kept as it came, and the handler checks it, so that all
//! that is wrong is said at once and in our words.

use domain::{PageLimit, TweetId};
use poem_openapi::{registry::MetaSchema, types::ParseFromParameter};
use serde_json::json;

use crate::{
    http::problem::{Problem, Violation},
    http::schema::schema_type,
    tweet::response::ulid_schema,
};

/// A page's `limit` as it was sent.
#[derive(Debug)]
pub(crate) struct LimitParam(String);
schema_type!(
    LimitParam,
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(PageLimit::MAX as f64),
        default: Some(json!(PageLimit::DEFAULT)),
        ..MetaSchema::new_with_format("integer", "int32")
    }
);

/// A page's `before` as it was sent.
#[derive(Debug)]
pub(crate) struct BeforeParam(String);
schema_type!(BeforeParam, ulid_schema());

/// The id in a path as it was sent.
#[derive(Debug)]
pub(crate) struct IdParam(String);
schema_type!(IdParam, ulid_schema());

impl IdParam {
    /// `None` when no tweet can have this id.
    pub(crate) fn parse(&self) -> Option<TweetId> {
        self.0.parse().ok()
    }
}

macro_rules! keep_as_sent {
    ($($type:ident),*) => {$(
        impl ParseFromParameter for $type {
            fn parse_from_parameter(value: &str) -> poem_openapi::types::ParseResult<Self> {
                Ok(Self(value.to_owned()))
            }
        }
    )*};
}
keep_as_sent!(LimitParam, BeforeParam, IdParam);

/// Checks a page's parameters.
pub(crate) fn page_of(
    limit: Option<LimitParam>,
    before: Option<BeforeParam>,
) -> Result<(PageLimit, Option<TweetId>), Problem> {
    let limit = limit.map_or(Ok(PageLimit::default()), |limit| {
        let digits = limit.0.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { limit.0.parse().ok() } else { None };
        number.and_then(PageLimit::new).ok_or_else(|| {
            Violation::new(
                "/limit",
                format!("must be a whole number from 1 to {}", PageLimit::MAX),
            )
        })
    });
    let before = before.map(|before| before.0.parse::<TweetId>());
    let before = before
        .transpose()
        .map_err(|reason| Violation::new("/before", reason.to_string()));
    match (limit, before) {
        (Ok(limit), Ok(before)) => Ok((limit, before)),
        (limit, before) => Err(Problem::bad_request(
            "the query is not valid",
            limit.err().into_iter().chain(before.err()).collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::FixedClock;
    use futures_util::FutureExt;
    use poem::Request;
    use proptest::{option, prelude::*};
    use serde_json::Value;

    use super::*;
    use crate::middleware::request_id::RequestId;

    fn page(limit: Option<&str>, before: Option<&str>) -> Result<(PageLimit, Option<TweetId>), Problem> {
        let (limit, before) = (limit.map(str::to_owned), before.map(str::to_owned));
        page_of(limit.map(LimitParam), before.map(BeforeParam))
    }

    /// The problem as it is sent.
    fn sent(problem: Problem) -> Value {
        let id = RequestId::of(&Request::default(), &FixedClock::at_millis(0));
        let body = problem.into_response(&id).into_body().into_vec();
        serde_json::from_slice(&body.now_or_never().expect("a whole body").expect("a body")).expect("JSON")
    }

    proptest! {
        #[test]
        fn a_page_is_what_was_asked_for_or_all_that_is_wrong_is_named(
            limit in option::of(prop_oneof!["[+-]?[0-9]{1,4}", "[0-9 .e]{0,21}", any::<String>()]),
            before in option::of(prop_oneof![
                "[0-8][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{24,26}",
                "[0-7][0-9A-Za-z]{25}",
                any::<String>(),
            ]),
        ) {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let number = |text: &str| if digits(text) { text.parse().unwrap_or(0) } else { 0 };
            let asked = limit.as_deref().map_or(50, number);
            let older = before.as_deref().map(str::parse::<TweetId>);
            let wrong = (!(1..=200).contains(&asked), matches!(older, Some(Err(_))));
            match page(limit.as_deref(), before.as_deref()) {
                Ok((limit, before)) => {
                    prop_assert_eq!(wrong, (false, false));
                    prop_assert_eq!((limit.get(), before), (asked, older.and_then(Result::ok)));
                }
                Err(problem) => {
                    let problem = sent(problem);
                    let errors = problem["errors"].as_array().expect("errors");
                    let named = |pointer: &str| errors.iter().any(|error| error["pointer"] == pointer);
                    prop_assert_eq!((named("/limit"), named("/before")), wrong);
                    prop_assert_eq!(errors.len(), usize::from(wrong.0) + usize::from(wrong.1));
                    prop_assert_eq!(problem["status"].as_u64(), Some(400));
                }
            }
        }
    }
}
