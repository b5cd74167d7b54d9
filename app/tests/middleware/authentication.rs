//! Who may create tweets, with a list of writers and without.

use std::{fs, path::Path};

use adapters::auth::token_file::{Issued, issue};
use poem::{http::StatusCode, test::TestResponse};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Running, Site, run};
use crate::support::{header, problem};

fn issued(name: &str) -> Issued {
    issue(&name.parse().expect("a name")).expect("a token")
}

async fn post(site: &Site, authorization: Option<&str>) -> TestResponse {
    let mut request = site.client.post("/tweet/");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    request.body_json(&json!({ "text": "hello" })).send().await
}

async fn site(file: &Path) -> Site {
    let file = file.to_str().expect("a path");
    Site::with(&[("DATABASE_URL", "memory:"), ("API_TOKENS_FILE", file)]).await
}

#[tokio::test]
async fn with_a_list_a_token_of_it_is_needed_to_write_and_none_to_read() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tokens");
    let (alice, other) = (issued("alice"), issued("other"));
    fs::write(&file, &alice.line).expect("the file");
    let site = site(&file).await;
    for (sent, challenge) in [
        (None, "Bearer realm=\"templatesite\""),
        (Some("Basic YTpi".to_owned()), "Bearer realm=\"templatesite\""),
        (
            Some(format!("Bearer {}", other.token)),
            "Bearer realm=\"templatesite\", error=\"invalid_token\"",
        ),
        (
            Some(format!("Bearer {}", alice.line)),
            "Bearer realm=\"templatesite\", error=\"invalid_token\"",
        ),
        (
            Some("Bearer".to_owned()),
            "Bearer realm=\"templatesite\", error=\"invalid_token\"",
        ),
    ] {
        let answer = post(&site, sent.as_deref()).await;
        assert_eq!(
            header(&answer, "www-authenticate").as_deref(),
            Some(challenge),
            "{sent:?}"
        );
        let problem = problem(answer, 401).await.to_string();
        assert!(
            !problem.contains(&other.token) && !problem.contains(&alice.line),
            "{problem}"
        );
    }
    site.client
        .get("/tweet/")
        .send()
        .await
        .assert_json(json!([]))
        .await;
    let answer = post(&site, Some(&format!("bearer {}", alice.token))).await;
    answer.assert_status(StatusCode::CREATED);
}

#[tokio::test]
async fn without_a_list_everybody_may_write() {
    let site = Site::memory().await;
    for sent in [None, Some("Bearer whatever"), Some("Basic YTpi")] {
        post(&site, sent).await.assert_status(StatusCode::CREATED);
    }
}

#[test]
fn the_log_has_the_writer_and_never_the_token() {
    let folder = TempDir::new().expect("a folder");
    let (code, printed, _) = run(&["token", "new", "alice@example.org"], &[], folder.path());
    let lines: Vec<_> = printed.lines().filter(|line| !line.starts_with('#')).collect();
    let [token, line] = lines[..] else {
        panic!("a token and its line: {printed}")
    };
    assert!(
        code == 0 && token.starts_with("tws_") && token.len() == 68,
        "{printed}"
    );
    fs::write(folder.path().join("tokens"), line).expect("the file");
    let variables = [
        ("DATABASE_URL", "memory:"),
        ("API_TOKENS_FILE", "tokens"),
        ("LOG_LEVEL", "trace"),
    ];
    let mut service = Running::start(&variables, folder.path());
    let send = |service: &Running, token: &str, body: &str| {
        let head =
            "POST /tweet/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json";
        let length = body.len();
        service.exchange(
            format!("{head}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}")
                .as_bytes(),
        )
    };
    assert!(send(&service, token, "{\"text\":\"hello\"}").starts_with("HTTP/1.1 201 "));
    service.wait_for("writer=alice@example.org");
    assert!(send(&service, token, "{}").starts_with("HTTP/1.1 400 "));
    service.wait_for("writer=alice@example.org");
    assert!(send(&service, "tws_unknown", "{}").starts_with("HTTP/1.1 401 "));
    service.wait_for("status=401");

    fs::write(folder.path().join("tokens"), "bob:tws_unknown").expect("a bad file");
    service.wait_for("line 1: after the colon, expected the SHA-256 of the token");
    fs::remove_file(folder.path().join("tokens")).expect("the file was there");
    service.wait_for("\"tokens\" cannot be read: ");
    assert!(send(&service, token, "{\"text\":\"still\"}").starts_with("HTTP/1.1 201 "));
    fs::write(folder.path().join("tokens"), "# nobody\n").expect("an empty list");
    service.wait_for("reloaded API_TOKENS_FILE");
    assert!(send(&service, token, "{\"text\":\"late\"}").starts_with("HTTP/1.1 401 "));
    service.wait_for("status=401");
    let leaked: Vec<_> = service
        .log
        .iter()
        .filter(|line| line.contains(token) || line.contains("tws_unknown"))
        .collect();
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[test]
fn a_bad_list_is_an_error_at_the_start() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("tokens"), "# writers\nalice:secret\n").expect("the file");
    for (file, error) in [
        ("tokens", "API_TOKENS_FILE: \"tokens\", line 2: "),
        ("nowhere", "API_TOKENS_FILE: \"nowhere\" cannot be read: "),
        (
            ".",
            "API_TOKENS_FILE: \".\" cannot be read: it is not a regular file",
        ),
    ] {
        let variables = [("DATABASE_URL", "sqlite://tweets.db"), ("API_TOKENS_FILE", file)];
        let mut service = Running::spawn(&variables, folder.path());
        let line = service.wait_for(error);
        assert!(!line.contains("secret"), "{line}");
        assert_eq!(service.child.wait().expect("an end").code(), Some(1));
        assert!(!folder.path().join("tweets.db").exists(), "nothing was begun");
    }
}
