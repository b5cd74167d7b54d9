//! The framework's own errors as problems.

use std::io::ErrorKind;

use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError};
use poem_openapi::error::{ContentTypeError, ParsePathError};

use crate::http::problem::{Problem, ProblemType};

impl Problem {
    /// The problem in a `poem::Error`. The texts of poem's own errors are replaced, because they may quote the request.
    pub fn from_error(error: poem::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(problem) => return problem,
            Err(error) => error,
        };

        // No item can have a path parameter that does not decode.
        let kind = if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
            ProblemType::PATH_NOT_FOUND
        } else if error.is::<MethodNotAllowedError>() {
            ProblemType::METHOD_NOT_ALLOWED
        } else if error.is::<ContentTypeError>() {
            ProblemType::UNSUPPORTED_MEDIA_TYPE
        } else if let Some(ReadBodyError::Io(reason)) = error.downcast_ref() {
            match reason.kind() {
                ErrorKind::TimedOut => ProblemType::BODY_TIMED_OUT,
                _ => ProblemType::INCOMPLETE_BODY,
            }
        } else if error.status().is_client_error() {
            // Clients treat any unknown 4xx as a 400 (RFC 9110, 15).
            ProblemType::INVALID_REQUEST
        } else {
            return Self::internal().caused_by(error.to_string());
        };

        Self::new(kind)
    }
}
