//! The JSON of a problem (RFC 9457).

use poem_openapi::{Object, types::Example};
use serde::Serialize;

use crate::http::{problem_type::ProblemType, values::UrlValue};

/// The media type of every error response.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request failed (RFC 9457).
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Problem", example)]
pub(crate) struct ProblemBody {
    /// The type of problem.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub(crate) kind: UrlValue,
    /// The type in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened, and what to do.
    pub(crate) detail: String,
    /// The request's id, as in the header X-Request-ID and in the log.
    pub(crate) request_id: String,
    /// Each part of the request that is not valid, where parts can be named.
    pub(crate) errors: Vec<Violation>,
}

impl Example for ProblemBody {
    fn example() -> Self {
        ProblemType::INVALID_BODY.example()
    }
}

/// One part of a request that is not valid.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Violation")]
pub struct Violation {
    /// Where: a JSON Pointer (RFC 6901) into the body, or `/name` for a query parameter or header.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl Violation {
    /// Neither text may quote the request, except the plain name of an unknown query parameter.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}
