//! The document that is committed breaks no client of the last release.
//!
//! `openapi/released.json` is the document of the last release. What differs is breaking unless it is known to be
//! compatible: a keyword that this comparison does not know may not change at all. `openapi/acknowledged.json` has the
//! reasons for what breaks clients all the same.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot continue must fail with the reason"
)]

mod acknowledged;
mod comparison;
mod constraint;
mod document;
mod mutations;
mod operation;
mod pair;
mod properties;
mod schema;
mod security;
mod sentences;

use std::{fs, path::Path};

use serde_json::Value;

/// The text of a file in the folder of this crate.
fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_document(file: &str) -> Value {
    serde_json::from_str(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn committed_document_breaks_no_client_of_the_last_release() {
    let (released, committed) = (read_document("released.json"), read_document("openapi.json"));

    let differences = document::breaking_changes(&released, &committed);
    let checked = acknowledged::check(&differences, &read("acknowledged.json"));

    if let Err(complaints) = checked {
        panic!("\n{complaints}\n");
    }
}
