//! The errors of an operation, and how the document lists them.

use std::{collections::BTreeMap, marker::PhantomData};

use poem::http::StatusCode;
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};

use crate::{
    document::problem_examples,
    http::{
        problem::Problem,
        problem_body::{MEDIA_TYPE, ProblemBody},
        problem_type::{ProblemType, operations::ProblemTypes},
    },
};

/// The errors of one operation. Each is a problem.
pub trait DocumentedErrors: Send + Sync + 'static {
    /// Their types, by what the operation takes. A type that the operation cannot return misleads clients as much as
    /// one that is missing.
    const PROBLEMS: &'static [ProblemTypes];
}

/// A [`Problem`] as the error of an operation that documents `S::PROBLEMS`. `?` converts whatever converts to a
/// problem.
pub struct ErrorResponse<S>(Problem, PhantomData<S>);

impl<S, E: Into<Problem>> From<E> for ErrorResponse<S> {
    fn from(error: E) -> Self {
        Self(error.into(), PhantomData)
    }
}

impl<S> From<ErrorResponse<S>> for poem::Error {
    fn from(response: ErrorResponse<S>) -> Self {
        response.0.into()
    }
}

impl<S: DocumentedErrors> ApiResponse for ErrorResponse<S> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: by_status(S::PROBLEMS).into_iter().map(describe).collect(),
        }
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}

/// The types by their statuses, which are in ascending order.
fn by_status(problems: &[ProblemTypes]) -> BTreeMap<u16, Vec<&'static ProblemType>> {
    let mut by_status: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for kind in problems.iter().copied().flatten() {
        by_status.entry(kind.status.as_u16()).or_default().push(*kind);
    }

    by_status
}

fn describe((status, kinds): (u16, Vec<&'static ProblemType>)) -> MetaResponse {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let headers = match status {
        401 => vec![text("WWW-Authenticate", "How to authenticate (RFC 6750).")],
        // Only if the content coding is the reason (RFC 9110, 12.5.3).
        415 => vec![MetaHeader {
            required: false,
            ..text(
                "Accept-Encoding",
                "`identity`, if the body has a Content-Encoding: none is accepted.",
            )
        }],
        429 | 503 => vec![retry_after()],
        _ => vec![],
    };

    MetaResponse {
        description: reason.unwrap_or_default(),
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType {
            content_type: MEDIA_TYPE,
            schema: problem_examples::placeholder(&kinds),
        }],
        headers,
    }
}

fn retry_after() -> MetaHeader {
    let description = "How many seconds to wait before trying again.";
    header("Retry-After", description, u32::schema_ref())
}

fn text(name: &str, description: &str) -> MetaHeader {
    header(name, description, String::schema_ref())
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
