//! Path and query parameters. Their schemas state which values are valid. Parsing accepts any value and stores a
//! malformed one as `None` or `Err`, so that the handler reports all invalid parameters in one problem. The framework
//! would reject the first one, with an error that quotes it.

use domain::{Id, PageLimit, ParseIdError};
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseFromParameter, ParseResult},
};
use serde_json::json;

use crate::http::{schema::schema_type, values::id_schema};

/// The id in a path; `None` if no item can have it.
#[derive(Debug)]
pub struct IdParam<T>(pub Option<Id<T>>);

schema_type!(
    [T] IdParam<T>,
    MetaSchema {
        // The path with an empty id is that of the collection.
        min_length: Some(1),
        ..id_schema()
    }
);

impl<T> ParseFromParameter for IdParam<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.parse().ok()))
    }
}

/// The `limit` of a page; `None` if it is malformed or out of range.
#[derive(Debug)]
pub struct LimitParam(pub Option<PageLimit>);

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

/// The `before` or `after` of a page: an id that need not exist.
#[derive(Debug)]
pub struct CursorParam<T>(pub Result<Id<T>, ParseIdError>);

// Without an example: pages that send requests would fill it in, and show the items before the example.
schema_type!(
    [T] CursorParam<T>,
    MetaSchema {
        example: None,
        ..id_schema()
    }
);

impl<T> ParseFromParameter for CursorParam<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.parse()))
    }
}

/// The `reverse` of a page; `None` if it is malformed.
#[derive(Debug)]
pub struct ReverseParam(pub Option<bool>);

// Without a default: generated clients send that, and PHP's writes it as 0.
schema_type!(ReverseParam, MetaSchema::new("boolean"));

impl ParseFromParameter for ReverseParam {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.parse().ok()))
    }
}
