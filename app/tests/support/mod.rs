//! What the tests are built from.
//!
//! There are two ways to run the service. Use [`InProcess`] unless the test needs real connections, the log, signals or
//! crashes; then use [`Service`], a process.

pub(crate) mod example;
pub(crate) mod members;
pub(crate) mod resources;

mod in_process;
mod metrics;
mod response;

pub(crate) mod client;
mod program;
pub(crate) mod requests;
mod service;
pub(crate) mod sockets;
mod stores;

pub(crate) use in_process::{InProcess, config};
pub(crate) use metrics::{Samples, samples, scrape, scrape_text, sum};
pub(crate) use program::{PROGRAM, report, run, run_with_input, send_signal, wait_until};
pub(crate) use response::{bytes, gunzip, header, json, link, problem, problem_type, status_of, text};
pub(crate) use service::{Service, TIMEOUT, command};
pub(crate) use stores::{failing_store, store_over};
