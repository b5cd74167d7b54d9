//! The widget stores: every adapter and every decorator.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up must fail"
)]

mod chunks;
mod contract;
mod lost_responses;
mod model;
