//! The harness of the tests.

pub(crate) mod service;
