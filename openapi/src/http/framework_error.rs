//! The framework's own errors as problems.

use std::io::ErrorKind;

use poem::{
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::StatusCode,
};
use poem_openapi::error::{ContentTypeError, ParsePathError};

use crate::http::problem::Problem;

impl Problem {
    /// The problem in a `poem::Error`. The texts of poem's own errors are replaced, because they may quote the request.
    pub fn from_error(error: poem::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(problem) => return problem,
            Err(error) => error,
        };

        // No item can have a path parameter that does not decode.
        if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
            return Self::not_found("nothing is at this path; see /docs for the paths of this service");
        }
        if error.is::<MethodNotAllowedError>() {
            let detail = "this path does not support the method; see the Allow header";
            return Self::new(StatusCode::METHOD_NOT_ALLOWED, detail);
        }
        if error.is::<ContentTypeError>() {
            let detail = "the Content-Type must be application/json";
            return Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
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
}
