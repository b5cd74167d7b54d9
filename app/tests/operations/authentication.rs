//! Writes need a token once tokens are configured.

use std::fs;

use adapters::auth::token_file::{Issued, issue};
use poem::test::TestResponse;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    operation::{DOCUMENT, Operation},
    statuses::other_body,
};
use crate::support::{InProcess, header, json, problem, status_of, text};

fn issued(name: &str) -> Issued {
    issue(&name.parse().expect("a name")).expect("a token")
}

/// A service that requires one of these tokens.
async fn with_tokens(tokens: &[&Issued]) -> InProcess {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tokens");
    let lines: Vec<_> = tokens.iter().map(|issued| &*issued.line).collect();
    fs::write(&file, format!("# tokens\n{}", lines.join("\n"))).expect("a token file");

    InProcess::with(&[("API_TOKENS_FILE", file.to_str().expect("a path"))]).await
}

/// The response to a request without a token.
pub(super) async fn reject(operation: &Operation) -> TestResponse {
    let service = with_tokens(&[]).await;
    operation.request(&service, &operation.path()).send().await
}

#[test]
fn the_document_lists_security_for_every_write() {
    for operation in Operation::all().iter().filter(|operation| operation.is_write()) {
        assert!(
            operation.lists_security(),
            "{operation} has a security requirement"
        );
    }
}

/// Without `security`, some readers take an operation for one that needs a token, and show a lock.
#[test]
fn every_operation_says_whether_it_takes_a_token() {
    for operation in Operation::all() {
        let security = operation.description["security"].as_array();
        let none = security.is_some_and(Vec::is_empty);

        assert_eq!(none, !operation.lists_security(), "{operation}: {security:?}");
    }
}

#[tokio::test]
async fn a_write_without_a_token_is_401() {
    let service = with_tokens(&[&issued("alice")]).await;

    for operation in Operation::all() {
        let response = operation.request(&service, &operation.path()).send().await;

        if operation.is_write() || operation.lists_security() {
            assert_eq!(status_of(&response), 401, "{operation}, without a token");
            assert!(header(&response, "www-authenticate").is_some(), "{operation}");
            problem(response, 401).await;
        } else {
            assert_ne!(status_of(&response), 401, "{operation} documents no security");
        }
    }
}

#[tokio::test]
async fn a_write_with_a_token_is_not_401() {
    let alice = issued("alice");
    let service = with_tokens(&[&alice]).await;

    for operation in Operation::all() {
        let request = operation.request(&service, &operation.path());
        let response = request
            .header("authorization", format!("Bearer {}", alice.token))
            .send()
            .await;

        assert_ne!(status_of(&response), 401, "{operation}, with a token");
    }
}

/// A client neither learns from a key what another one created, nor uses up the keys of another one.
#[tokio::test]
async fn an_idempotency_key_belongs_to_the_holder_of_the_token() {
    let [alice, new_alice, bob] = ["alice", "alice", "bob"].map(issued);
    let all = Operation::all().into_iter();

    for operation in all.filter(|operation| operation.parameter("header", "Idempotency-Key").is_some()) {
        let service = with_tokens(&[&alice, &new_alice, &bob]).await;
        let (path, body) = (operation.path(), operation.body().expect("a body").to_string());
        let other = other_body(&operation);
        let send = |client: &Issued, key: &str, body: &str| {
            let request = operation.request_with_body(&service, &path, "application/json", body.to_owned());
            let request = request.header("authorization", format!("Bearer {}", client.token));
            request.header("idempotency-key", key).send()
        };
        let create = async |client: &Issued, key: &str, body: &str| {
            let response = send(client, key, body).await;
            assert_eq!(status_of(&response), 201, "{operation}");
            let replayed = header(&response, "idempotent-replayed").is_some();
            (header(&response, "location"), replayed)
        };

        let (first, replayed) = create(&alice, "key", &body).await;
        assert!(!replayed && first.is_some(), "{operation}");
        let (second, replayed) = create(&bob, "key", &body).await;
        assert!(!replayed && second != first, "{operation}: Bob's own item");
        let (_, replayed) = create(&bob, "key-2", other).await;
        assert!(!replayed, "{operation}: Bob's own item");
        let (_, replayed) = create(&alice, "key-2", &body).await;
        assert!(!replayed, "{operation}: Alice's own item");

        // With another token of hers, Alice has the same keys.
        assert_eq!(
            create(&new_alice, "key", &body).await,
            (first, true),
            "{operation}"
        );
        problem(send(&new_alice, "key", other).await, 422).await;
    }
}

/// A lock asks for a token, which nobody has for a service without tokens.
#[tokio::test]
async fn the_documentation_page_shows_locks_only_if_tokens_are_configured() {
    let (open, closed) = (InProcess::memory().await, with_tokens(&[]).await);

    for (service, expected) in [(open, false), (closed, true)] {
        let html = text(service.get("/docs").send().await).await;
        let (_, script) = html.split_once("let spec = ").expect("the script");
        let document = script.lines().next().expect("a line");

        for member in ["\"securitySchemes\":", "\"security\":[{"] {
            assert_eq!(document.contains(member), expected, "{member}");
        }
        // Clients that are generated from it can send a token to any instance.
        let served: Value = json(service.get("/openapi.json").send().await).await;
        assert_eq!(served, *DOCUMENT);
    }
}
