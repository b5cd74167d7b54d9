//! A client of the service, generated at build time from `openapi/openapi.json`. The system tests speak through it, and
//! so hold the service to its document.

#[expect(
    missing_docs,
    clippy::unwrap_used,
    reason = "the generator leaves both in what it writes"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/client.rs"));
}

pub use generated::*;
