//! Parameters: the schema tells what is allowed, the text is kept as it came, and the handler checks it, so that all
//! that is wrong is said at once and in our words.

use domain::{PageLimit, TweetId};
use poem_openapi::{registry::MetaSchema, types::ParseFromParameter};
use serde_json::json;

use crate::{
    problem::{Problem, Violation},
    schema::schema_type,
    wire::ulid_schema,
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
            Violation::new("/limit", format!("must be a whole number from 1 to {}", PageLimit::MAX))
        })
    });
    let before = before.map(|before| before.0.parse::<TweetId>());
    let before = before.transpose().map_err(|reason| Violation::new("/before", reason.to_string()));
    match (limit, before) {
        (Ok(limit), Ok(before)) => Ok((limit, before)),
        (limit, before) => Err(Problem::bad_request(
            "the query is not valid",
            limit.err().into_iter().chain(before.err()).collect(),
        )),
    }
}
