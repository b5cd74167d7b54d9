//! What the tests share: the service under test, and the one resource that tests of mechanism use.

pub(crate) mod example;
mod service;

pub(crate) use self::service::{Service, header};
