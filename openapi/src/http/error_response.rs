//! How an operation fails, and how the document comes to know it.

use std::marker::PhantomData;

use domain::RepositoryError;
use poem::http::StatusCode;
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};

use crate::http::problem::{MEDIA_TYPE, Problem, ProblemBody};

/// The statuses an operation can fail with, each a problem+json.
pub(crate) trait DocumentedErrors: Send + Sync + 'static {
    const STATUSES: &'static [u16];
}

/// A [`Problem`] of an operation whose document lists `S::STATUSES`.
pub(crate) struct ErrorResponse<S>(Problem, PhantomData<S>);

impl<S> From<Problem> for ErrorResponse<S> {
    fn from(problem: Problem) -> Self {
        Self(problem, PhantomData)
    }
}

impl<S> From<RepositoryError> for ErrorResponse<S> {
    fn from(error: RepositoryError) -> Self {
        Problem::from(error).into()
    }
}

impl<S> From<ErrorResponse<S>> for poem::Error {
    fn from(failure: ErrorResponse<S>) -> Self {
        failure.0.into()
    }
}

impl<S: DocumentedErrors> ApiResponse for ErrorResponse<S> {
    fn meta() -> MetaResponses {
        let response = |&status: &u16| MetaResponse {
            description: StatusCode::from_u16(status)
                .ok()
                .and_then(|s| s.canonical_reason())
                .unwrap_or_default(),
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: MEDIA_TYPE,
                schema: ProblemBody::schema_ref(),
            }],
            headers: match status {
                401 => vec![text("WWW-Authenticate", "How to authenticate (RFC 6750).")],
                429 => vec![
                    retry_after(),
                    text("RateLimit-Policy", "What a client may ask for."),
                    text("RateLimit", "What is left of that."),
                ],
                503 => vec![retry_after()],
                _ => vec![],
            },
        };
        MetaResponses {
            responses: S::STATUSES.iter().map(response).collect(),
        }
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}

fn text(name: &str, description: &str) -> MetaHeader {
    header(name, description, String::schema_ref())
}

fn retry_after() -> MetaHeader {
    header(
        "Retry-After",
        "How many seconds to wait before trying again.",
        u32::schema_ref(),
    )
}

fn header(name: &str, description: &str, schema: MetaSchemaRef) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema,
    }
}
