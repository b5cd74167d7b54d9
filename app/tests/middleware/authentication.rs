//! Tokens: which credentials are accepted, and what is logged of them. `operations/authentication.rs` tests which
//! operations need one.

use std::{fs, path::Path};

use adapters::auth::token_file::{Issued, issue};
use domain::TOKEN_PREFIX;
use poem::{http::StatusCode, test::TestResponse};
use serde_json::json;
use tempfile::TempDir;

use super::{
    hostile::{HOSTILE, post as post_of, request_id_of_harmless},
    injection::{LOCAL, flush_log},
};
use crate::support::{InProcess, Service, example, header, problem, run, wait_until};

fn issued(name: &str) -> Issued {
    issue(&name.parse().expect("a name")).expect("a token")
}

async fn post(service: &InProcess, authorization: Option<&str>) -> TestResponse {
    let request = service.post(example::COLLECTION).content_type("application/json");
    let request = match authorization {
        Some(authorization) => request.header("authorization", authorization),
        None => request,
    };

    request.body(example::body("hello")).send().await
}

/// The status line of the response to a POST with this token.
fn status(service: &Service, token: &str, body: &str) -> String {
    let headers = format!("Authorization: Bearer {token}\r\nCookie: {token}\r\n");
    let response = service.post_with(&headers, body);
    response.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_write_needs_a_token_from_the_file() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tokens");
    let (alice, unlisted) = (issued("alice"), issued("unlisted"));
    fs::write(&file, &alice.line).expect("a token file");
    let service = InProcess::with(&[("API_TOKENS_FILE", file.to_str().expect("a path"))]).await;

    let missing = "Bearer realm=\"api\"";
    let invalid = "Bearer realm=\"api\", error=\"invalid_token\"";
    for (authorization, challenge) in [
        (None, missing),
        (Some("Basic YTpi".to_owned()), missing),
        (Some(format!("Bearer {}", unlisted.token)), invalid),
        (Some(format!("Bearer {}", alice.line)), invalid),
        (Some("Bearer".to_owned()), invalid),
    ] {
        let response = post(&service, authorization.as_deref()).await;
        assert_eq!(
            header(&response, "www-authenticate").as_deref(),
            Some(challenge),
            "{authorization:?}"
        );
        let problem = problem(response, 401).await.to_string();
        assert!(
            !problem.contains(&unlisted.token) && !problem.contains(&alice.line),
            "{problem}"
        );
    }
    let page = service.get(example::COLLECTION).send().await;
    page.assert_json(json!([])).await;

    let response = post(&service, Some(&format!("bearer {}", alice.token))).await;
    response.assert_status(StatusCode::CREATED);
}

#[tokio::test]
async fn without_a_token_file_every_client_may_write() {
    let service = InProcess::memory().await;

    for authorization in [None, Some("Bearer unknown"), Some("Basic YTpi")] {
        let response = post(&service, authorization).await;
        response.assert_status(StatusCode::CREATED);
    }
}

/// A token of `alice@example.org` from the command line, and its line for the token file.
fn new_token(folder: &Path) -> (String, String) {
    let (code, output, _) = run(&["token", "new", "alice@example.org"], &[], folder);
    let lines: Vec<_> = output.lines().filter(|line| !line.starts_with('#')).collect();
    let [token, line] = lines[..] else {
        panic!("not a token and its line: {output}")
    };

    assert_eq!(code, 0, "{output}");
    assert!(
        token.starts_with(TOKEN_PREFIX) && token.len() == TOKEN_PREFIX.len() + 64,
        "{output}"
    );
    (token.to_owned(), line.to_owned())
}

#[test]
fn the_log_names_the_user_and_never_the_token() {
    let folder = TempDir::new().expect("a folder");
    let (token, line) = new_token(folder.path());
    fs::write(folder.path().join("tokens"), line).expect("a token file");
    let variables = [
        ("DATABASE_URL", "memory:"),
        ("API_TOKENS_FILE", "tokens"),
        ("LOG_LEVEL", "trace"),
    ];
    let mut service = Service::start(&variables, folder.path());

    for (token, body, code) in [
        (&*token, &*example::body("hello"), "201"),
        (&token, "{}", "400"),
        (&token[..60], "{}", "401"),
    ] {
        assert!(status(&service, token, body).contains(code));
        let line = service.wait_for_log(&format!("status={code}"));
        assert_eq!(line.contains("=alice@example.org"), code != "401", "{line}");
    }

    let log = service.log.concat();
    let secret = token.strip_prefix(TOKEN_PREFIX).expect("a token");
    // Shorter parts may be in ids by chance.
    let parts = secret.as_bytes().windows(12);
    let mut parts = parts.map(String::from_utf8_lossy);
    assert_eq!(parts.find(|part| log.contains(&**part)), None);
}

#[test]
fn hostile_tokens_are_neither_logged_nor_repeated() {
    let folder = TempDir::new().expect("a folder");
    let tokens = format!("alice:{}", "0".repeat(64));
    fs::write(folder.path().join("tokens"), tokens).expect("a token file");
    let variables = [
        ("DATABASE_URL", "memory:"),
        ("API_TOKENS_FILE", "tokens"),
        ("LOG_LEVEL", "trace"),
    ];
    let mut service = Service::start(&variables, folder.path());

    for hostile in HOSTILE {
        for before in [
            &b"Authorization: Bearer "[..],
            b"Authorization: ",
            b"Authorization: Bearer x\r\nAuthorization: ",
        ] {
            let authorization = [before, hostile].concat();
            let request = post_of(&[LOCAL, &authorization], &example::body("hello"));
            let response = service.exchange(&request);

            request_id_of_harmless(&response);
            assert!(matches!(response.get(9..12), Some("400" | "401")), "{response}");
        }
    }

    flush_log(&mut service);
    let leaked = |line: &&String| line.to_lowercase().contains("forged");
    let leaked: Vec<_> = service.log.iter().filter(leaked).collect();
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[test]
fn a_changed_token_file_is_reloaded_and_a_broken_one_ignored() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tokens");
    let (token, line) = new_token(folder.path());
    fs::write(&file, line).expect("a token file");
    let variables = [("DATABASE_URL", "memory:"), ("API_TOKENS_FILE", "tokens")];
    let mut service = Service::start(&variables, folder.path());
    let body = example::body("hello");

    fs::write(&file, "bob:unknown-token").expect("a malformed file");
    service.wait_for_log("line 1: ");
    fs::remove_file(&file).expect("the file is there");
    service.wait_for_log("the file it names cannot be read: ");
    assert!(
        status(&service, &token, &body).contains("201"),
        "the former tokens hold"
    );

    fs::write(&file, "# no tokens\n").expect("an empty file");
    wait_until("the token is invalid", || {
        status(&service, &token, &body).contains("401")
    });
    let leaked = service.log.iter().any(|line| line.contains("unknown-token"));
    assert!(!leaked, "{:?}", service.log);
}

#[test]
fn a_malformed_token_file_prevents_the_start() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("tokens"), "# users\nalice:secret\n").expect("a token file");

    for (file, error) in [
        ("tokens", "API_TOKENS_FILE: line 2: "),
        (
            "nowhere",
            "API_TOKENS_FILE: the file it names cannot be read: No such file",
        ),
        (
            ".",
            "API_TOKENS_FILE: the file it names cannot be read: it is not a regular file",
        ),
    ] {
        let variables = [("DATABASE_URL", "sqlite://store.db"), ("API_TOKENS_FILE", file)];
        let mut service = Service::spawn(&variables, folder.path());
        let line = service.wait_for_log(error);

        assert!(!line.contains("secret"), "{line}");
        assert_eq!(service.child.wait().expect("an end").code(), Some(1));
        assert!(!folder.path().join("store.db").exists(), "no store is opened");
    }
}
