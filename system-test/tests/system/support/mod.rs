//! What the tests share: the service under test, and the one resource that tests of mechanism use.

pub(crate) mod example;
#[path = "../../../../app/tests/support/service.rs"]
mod process;
mod service;

pub(crate) use self::service::{Service, built, header};
