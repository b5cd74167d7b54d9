//! Stores of widgets that tests control.

mod gated;

pub use gated::Gated;
