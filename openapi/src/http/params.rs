//! Path and query parameters. The schema states what is allowed. A malformed value is held as such instead of rejected
//! at once, so that the handler can report everything that is wrong, in our words.

use domain::{Id, PageLimit, ParseIdError};
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseFromParameter, ParseResult},
};
use serde_json::json;

use crate::http::{schema::schema_type, values::id_schema};

/// The id in a path; `None` if no item can have it.
#[derive(Debug)]
pub(crate) struct IdParam<T>(pub(crate) Option<Id<T>>);

schema_type!([T] IdParam<T>, id_schema());

impl<T> ParseFromParameter for IdParam<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.parse().ok()))
    }
}

/// The `limit` of a page; `None` if it is malformed or out of range.
#[derive(Debug)]
pub(crate) struct LimitParam(pub(crate) Option<PageLimit>);

schema_type!(
    LimitParam,
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(PageLimit::MAX as f64),
        default: Some(json!(PageLimit::DEFAULT)),
        ..MetaSchema::new_with_format("integer", "int32")
    }
);

impl ParseFromParameter for LimitParam {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        // `parse` alone would accept a sign.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { value.parse().ok() } else { None };

        Ok(Self(number.and_then(PageLimit::new)))
    }
}

/// The `before` of a page: an id that need not exist.
#[derive(Debug)]
pub(crate) struct BeforeParam<T>(pub(crate) Result<Id<T>, ParseIdError>);

schema_type!([T] BeforeParam<T>, id_schema());

impl<T> ParseFromParameter for BeforeParam<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.parse()))
    }
}
