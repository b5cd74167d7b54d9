//! The service as its clients see it: over HTTP, knowing its document and nothing of its code.
//!
//! Against the service at `SYSTEM_TEST_HOSTPORT` (`host:port`) when that is set; else each test starts the program that
//! `cargo build` left beside it, on a free port and a store of its own. A test must therefore bear tweets and requests of
//! others, and leaves its tweets behind.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail, saying why"
)]

mod support;

mod docs;
mod errors;
mod health;
mod metrics;
mod panels;
mod request_ids;
mod tweet;
