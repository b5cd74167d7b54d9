//! Rules that hold for every operation of the OpenAPI document, whatever its resource.
//!
//! The tests iterate over the document, so an operation that is added to it is tested without an edit here. Requests
//! are made from the document as well: paths and bodies come from its examples. See [`operation`] and [`request`]. Only
//! an operation with an `Idempotency-Key` needs a line elsewhere, in `OTHER_BODIES` of `support/resources.rs`.

mod documented;
mod operation;
mod request;

mod described;
mod docs;
mod examples;
mod limits;
mod names;
mod problem_pages;
mod routes;

mod authentication;
mod concurrency_limit;
mod cors;
mod pages;
mod paths;
mod preconditions;
mod query;
mod rate_limit;

mod errors;
mod metrics;
mod statuses;

/// Paths for monitoring. They must respond while the service is overloaded, so no limit counts them; and they call no
/// repository.
const MONITORING: [&str; 3] = ["/healthcheck/", "/livez", "/readyz"];
