//! A token file that cannot be read: the service does not know which tokens are valid, and fails closed.

use std::{fs, path::Path, process::Command, time::Duration};

use adapters::{
    TokenFile,
    auth::token_file::{Issued, Timing, issue},
};
use poem::test::TestResponse;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::support::{InProcess, TIMEOUT, example, header, json as json_of, problem, status_of};

/// Short, so that the tests need not wait for a minute.
const TIMING: Timing = Timing {
    poll_interval: Duration::from_millis(5),
    read_timeout: Duration::from_secs(5),
    grace_period: Duration::from_millis(300),
};

fn issued(name: &str) -> Issued {
    issue(&name.parse().expect("a name")).expect("a token")
}

async fn post(service: &InProcess, token: &str) -> TestResponse {
    let request = service.post(example::COLLECTION).content_type("application/json");
    let request = request.header("authorization", format!("Bearer {token}"));

    request.body(example::body("hello")).send().await
}

/// Posts with this token until the response has this status.
async fn post_until(service: &InProcess, token: &str, status: u16) -> TestResponse {
    let started = Instant::now();

    loop {
        let response = post(service, token).await;
        if status_of(&response) == status {
            return response;
        }
        assert!(started.elapsed() < TIMEOUT, "waited in vain for a {status}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A way to make the file unusable, by name.
type Break = (&'static str, fn(&Path));

const BREAKS: [Break; 5] = [
    ("missing", |file| fs::remove_file(file).expect("the file")),
    ("invalid", |file| {
        fs::write(file, "alice:secret\n").expect("the file")
    }),
    ("not text", |file| fs::write(file, b"\xff\xfe").expect("the file")),
    ("a folder", |file| {
        fs::remove_file(file).expect("the file");
        fs::create_dir(file).expect("a folder");
    }),
    ("a named pipe", |file| {
        fs::remove_file(file).expect("the file");
        let made = Command::new("mkfifo").arg(file).status();
        assert!(made.expect("mkfifo").success());
    }),
];

#[tokio::test]
async fn without_a_readable_token_file_writes_get_503_once_the_grace_period_is_over() {
    for (name, break_file) in BREAKS {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("tokens");
        let alice = issued("alice");
        fs::write(&file, &alice.line).expect("a token file");
        let tokens = TokenFile::open_with(&file, TIMING).await.expect("a token file");
        let service = InProcess::with_tokens(tokens);
        post_until(&service, &alice.token, 201).await;

        break_file(&file);

        // Neither a stale token nor an unknown one gets a decision.
        let refused = post_until(&service, &alice.token, 503).await;
        assert!(header(&refused, "retry-after").is_some(), "{name}");
        let detail = problem(refused, 503).await;
        assert_eq!(detail["detail"], "tokens cannot be checked now", "{name}");
        problem(post(&service, "unknown-token").await, 503).await;

        let page = service.get(example::COLLECTION).send().await;
        page.assert_status_is_ok();
        let health = service.get("/healthcheck/").send().await;
        assert_eq!(status_of(&health), 503, "{name}");
        assert_eq!(
            json_of(health).await["tokens"],
            json!({"status": "nok"}),
            "{name}"
        );

        // Alice's token was withdrawn meanwhile.
        let bob = issued("bob");
        let new = folder.path().join("new");
        fs::write(&new, &bob.line).expect("a token file");
        let _ = fs::remove_dir(&file);
        fs::rename(&new, &file).expect("a token file");

        post_until(&service, &bob.token, 201).await;
        problem(post(&service, &alice.token).await, 401).await;
        let health = service.get("/healthcheck/").send().await;
        assert_eq!(status_of(&health), 200, "{name}");
    }
}

#[tokio::test]
async fn token_file_that_changes_all_the_time_does_not_keep_withdrawn_tokens_valid() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tokens");
    let (alice, bob) = (issued("alice"), issued("bob"));
    fs::write(&file, &alice.line).expect("a token file");
    let tokens = TokenFile::open_with(&file, TIMING).await.expect("a token file");
    let service = InProcess::with_tokens(tokens);

    // Without Alice from now on, and never twice with one content.
    let writer = async {
        for n in 0.. {
            let new = folder.path().join("new");
            fs::write(&new, format!("# {n}\n{}", bob.line)).expect("a token file");
            fs::rename(&new, &file).expect("a token file");
            sleep(Duration::from_millis(1)).await;
        }
    };

    tokio::select! {
        () = writer => {}
        refused = async {
            let started = Instant::now();
            loop {
                let response = post(&service, &alice.token).await;
                if status_of(&response) != 201 {
                    return response;
                }
                assert!(started.elapsed() < TIMEOUT, "the withdrawn token stays valid");
                sleep(Duration::from_millis(5)).await;
            }
        } => assert!([401, 503].contains(&status_of(&refused))),
    }
}
