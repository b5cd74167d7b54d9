//! Writes need a token once tokens are configured.

use std::fs;

use adapters::auth::token_file::issue;
use tempfile::TempDir;

use super::operation::Operation;
use crate::support::{InProcess, header, problem, status_of};

/// A service with one token, and that token.
async fn with_a_token() -> (InProcess, String) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tokens");
    let issued = issue(&"alice".parse().expect("a name")).expect("a token");
    fs::write(&file, issued.line).expect("a token file");

    let file = file.to_str().expect("a path");
    let service = InProcess::with(&[("API_TOKENS_FILE", file)]).await;
    (service, issued.token)
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
    let (service, _) = with_a_token().await;

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
    let (service, token) = with_a_token().await;

    for operation in Operation::all() {
        let request = operation.request(&service, &operation.path());
        let response = request
            .header("authorization", format!("Bearer {token}"))
            .send()
            .await;

        assert_ne!(status_of(&response), 401, "{operation}, with a token");
    }
}
