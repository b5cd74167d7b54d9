//! What the handlers of any resource are built from.
//!
//! - Requests: [`json`] (bodies), [`params`] (path and query), [`page`], [`preconditions`], [`idempotency_key`],
//!   [`host`] and [`base_url`].
//! - Responses: [`json`], [`values`] (domain values in bodies), [`problem`] (every error), [`error_response`] (the
//!   errors that an operation documents), [`csp`].

pub(crate) mod json;
pub(crate) mod values;

pub(crate) mod params;

pub(crate) mod page_query;

pub(crate) mod idempotency_key;
pub(crate) mod preconditions;

pub(crate) mod base_url;
pub(crate) mod host;

pub(crate) mod error_response;
pub(crate) mod problem;

mod framework_error;
mod problem_body;

pub(crate) mod csp;
pub(crate) mod schema;
