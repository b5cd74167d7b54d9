//! The resource `tweet`.

mod create_and_get;
mod list;
mod python_client;
