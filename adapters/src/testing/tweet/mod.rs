//! Stores of tweets that tests control.

mod gated;

pub use gated::Gated;
