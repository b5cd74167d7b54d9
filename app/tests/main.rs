//! Tests of the whole service over HTTP, composed as `serve` composes it, and tests of the rules of the code base.
//!
//! A resource is a folder. Everything else is about mechanism, and names a resource only through `support/example.rs`
//! and `support/resources.rs`; `operations/` holds every operation of the OpenAPI document to the same rules.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot continue must fail with the reason"
)]

mod support;

// Resources, one line each.
mod tweet;

mod browser;
mod faults;
mod http;
mod kubernetes;
mod middleware;
mod operations;
mod program;
mod rules;
mod server;
mod traces;
