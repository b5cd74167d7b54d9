//! The service in a real browser: its documentation page, and scripts of other sites. The documentation behind a proxy
//! is in `middleware/proxies`.
//!
//! The scripts in this folder are scenarios, which drive Chromium through Playwright. The tests pass them what they
//! need of the service, so that no script names a resource.

mod scenario;

use std::fs;

use adapters::auth::token_file::{Issued, issue};
use serde_json::json;
use tempfile::TempDir;

use crate::support::Service;
use scenario::HOST;
pub(crate) use scenario::run;

/// The site whose scripts may use the service.
const LISTED_ORIGIN: &str = "http://app.example.com";

/// A service on an in-memory store, which the browser finds at [`HOST`].
fn service(variables: &[(&str, &str)]) -> Service {
    Service::in_memory(&[&[("ALLOWED_HOSTS", HOST)], variables].concat())
}

/// Such a service with one valid token, and that token.
fn service_with_token(variables: &[(&str, &str)]) -> (Service, String) {
    let Issued { token, line } = issue(&"alice".parse().expect("a name")).expect("a token");
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tokens");
    fs::write(&file, line).expect("a token file");

    let own = [
        ("DATABASE_URL", "memory:"),
        ("ALLOWED_HOSTS", HOST),
        ("API_TOKENS_FILE", file.to_str().expect("a path")),
    ];
    let service = Service::start(&[&own, variables].concat(), folder.path());
    (service.keep_folder(folder), token)
}

#[tokio::test]
async fn documentation_page_renders_under_its_policy_and_contacts_no_other_host() {
    let service = service(&[]);
    run("documentation", service.address, json!({})).await;
}

#[tokio::test]
async fn try_it_out_creates_lists_and_gets_items_and_shows_problems() {
    let service = service(&[]);
    run("try_it_out", service.address, json!({})).await;
}

#[tokio::test]
async fn authorize_sends_the_token() {
    let (service, token) = service_with_token(&[]);
    run("authorize", service.address, json!({ "token": token })).await;
}

#[tokio::test]
async fn script_of_a_listed_origin_uses_every_operation_and_reads_headers_and_errors() {
    let (service, token) = service_with_token(&[
        ("CORS_ALLOWED_ORIGINS", LISTED_ORIGIN),
        ("RATE_LIMIT_PER_SECOND", "1"),
        ("RATE_LIMIT_BURST", "40"),
    ]);

    let more = json!({ "token": token, "listed_origin": LISTED_ORIGIN });
    run("listed_origin", service.address, more).await;
}

#[tokio::test]
async fn script_of_an_unlisted_origin_neither_reads_nor_stores_anything() {
    let service = service(&[("CORS_ALLOWED_ORIGINS", LISTED_ORIGIN)]);

    let more = json!({ "listed_origin": LISTED_ORIGIN });
    run("unlisted_origin", service.address, more).await;
}
