//! The tweet stores: every adapter and every decorator.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up must fail"
)]

mod batched;
mod cached;
mod chunks;
mod contract;
mod former_keys;
mod model;
mod replicated;
mod standby;
