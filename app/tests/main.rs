//! Tests of the whole service over HTTP, composed as `serve` composes it, and tests of the rules of the code base.
//!
//! `tweet/` is about the resource. Everything else is about mechanism, and names a resource only through
//! `support/example.rs`; `operations/` holds every operation of the OpenAPI document to the same rules.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot continue must fail with the reason"
)]

mod support;

mod tweet;

mod faults;
mod middleware;
mod operations;
mod program;
mod rules;
mod server;
