//! One shape for every error: problem details (RFC 9457).

use std::{borrow::Cow, error::Error, io::ErrorKind, time::Duration};

use domain::RepositoryError;
use poem::{
    IntoResponse, Response,
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError, ResponseError},
    http::{StatusCode, header},
};
use poem_openapi::{
    Object,
    error::{ContentTypeError, ParsePathError},
    types::Example,
};
use serde::Serialize;

use crate::{http::json::Json, middleware::request_id::RequestId};

/// Data of the response.
#[derive(Debug, Clone, Copy)]
pub struct Overloaded;

/// The media type of every error.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// How long a client that was answered 503 is asked to wait, by `Retry-After` (RFC 9110, 10.2.3).
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a request was not served, on its way to the edge, which adds the request id and writes the answer.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {detail}")]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    detail: Cow<'static, str>,
    errors: Vec<Violation>,
    /// For the log, never for the client.
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
    /// Whether it was not even tried, for lack of room.
    refused: bool,
    /// How to authenticate (RFC 9110, 11.6.1).
    challenge: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            source: None,
            refused: false,
            challenge: None,
        }
    }

    pub(crate) fn bad_request(detail: &'static str, errors: Vec<Violation>) -> Self {
        Self {
            errors,
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    pub(crate) fn unauthorized(detail: &'static str, challenge: &'static str) -> Self {
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, detail)
        }
    }

    pub(crate) fn not_found(detail: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the service failed; the log knows why, by the request id",
        )
    }

    /// There is no room for the request.
    pub(crate) fn overloaded() -> Self {
        let detail = "too many requests are under way; try again";
        Self {
            refused: true,
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// Adds what the log should say about it.
    pub(crate) fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// What the framework raises, in our words: its own may quote the request.
    pub(crate) fn from_error(error: poem::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(problem) => return problem,
            Err(error) => error,
        };
        // A path that does not decode to a parameter leads nowhere either.
        if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
            return Self::not_found("there is nothing at this path; /docs shows what there is");
        }
        if error.is::<MethodNotAllowedError>() {
            return Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path has no such method; Allow lists those it has",
            );
        }
        if error.is::<ContentTypeError>() {
            return Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the Content-Type must be application/json",
            );
        }
        if let Some(ReadBodyError::Io(reason)) = error.downcast_ref() {
            return match reason.kind() {
                ErrorKind::TimedOut => {
                    Self::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")
                }
                _ => Self::new(StatusCode::BAD_REQUEST, "the body ended before it was complete"),
            };
        }
        match error.status() {
            status if status.is_client_error() => Self::new(status, "the request is not valid"),
            _ => Self::internal().caused_by(error.to_string()),
        }
    }

    pub(crate) fn into_response(self, request_id: &RequestId) -> Response {
        let body = ProblemBody {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.into_owned(),
            request_id: request_id.as_str().to_owned(),
            errors: self.errors,
        };
        let mut response = Json(body).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(MEDIA_TYPE));
        response.set_status(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER.as_secs().into());
        }
        if let Some(challenge) = self.challenge {
            let challenge = header::HeaderValue::from_static(challenge);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.refused {
            response.set_data(Overloaded);
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            // RFC 9110, 15.5.9: what is still missing of the body must not be taken for a request.
            response
                .headers_mut()
                .insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        }
        response
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<RepositoryError> for Problem {
    fn from(error: RepositoryError) -> Self {
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        let problem = match &error {
            RepositoryError::Unavailable { .. } => {
                Self::new(unavailable, "the tweet store cannot be reached now")
            }
            RepositoryError::TimedOut { .. } => {
                Self::new(unavailable, "the tweet store did not answer in time")
            }
            RepositoryError::Conflict | RepositoryError::Internal { .. } => Self::internal(),
        };
        problem.caused_by(error)
    }
}

/// Why a request was not served (RFC 9457).
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Problem", example)]
pub(crate) struct ProblemBody {
    /// A URI for this kind of problem. `about:blank`: the status says it all.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened, and what to do.
    detail: String,
    /// The request's id, as in the header X-Request-ID and in the log.
    request_id: String,
    /// What is wrong with the request, where that can be said part by part.
    errors: Vec<Violation>,
}

impl Example for ProblemBody {
    fn example() -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: "Bad Request".to_owned(),
            status: 400,
            detail: "the body is not a valid tweet".to_owned(),
            request_id: "01KAN2FGVXM1SY9VXF7MJ4Z7QV".to_owned(),
            errors: vec![Violation::new(
                "/text",
                "must contain something other than white space",
            )],
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Violation")]
pub(crate) struct Violation {
    /// Where: a JSON Pointer (RFC 6901) into the body, or `/name` for a query parameter or header.
    pointer: String,
    /// What is wrong there.
    detail: String,
}

impl Violation {
    pub(crate) fn new(pointer: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}
