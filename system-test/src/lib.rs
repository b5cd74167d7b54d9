//! A client of the service, generated at build time from `openapi/openapi.json`. The system tests use it, so they also
//! test that the service behaves as documented.

#[expect(missing_docs, clippy::unwrap_used, reason = "the code is generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/client.rs"));
}

pub use generated::*;
