//! Black-box tests: the service as its clients see it, over HTTP, with no knowledge of its code.
//!
//! The tests use the service at `SYSTEM_TEST_HOSTPORT` (`host:port`) if that is set. Otherwise each test starts the
//! binary that `cargo build` left in the target folder, on a free port and with its own store. A test must therefore
//! tolerate items and requests of other clients, and it leaves its own items behind.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot continue must fail with a message"
)]

mod support;

mod docs;
mod errors;
mod health;
mod metrics;
mod panels;
mod request_ids;
mod sdk;

// Resources, one line each.
mod tweet;
