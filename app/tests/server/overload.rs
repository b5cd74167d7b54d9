//! More than the service can take.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use adapters::{InMemoryTweetRepository, testing::Gated};
use app::compose::{self, Store};
use poem::{http::StatusCode, test::TestClient};
use tempfile::TempDir;

use crate::{
    support::client::Client,
    support::{Running, config},
};

#[tokio::test]
async fn more_requests_than_allowed_are_refused_at_once() {
    let gated = Gated::default();
    let check = Arc::new(InMemoryTweetRepository::default());
    let store = Store {
        repository: Arc::new(gated.clone()),
        check,
        schema: None,
    };
    let config = config(&[
        ("MAX_CONCURRENT_REQUESTS", "2"),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
    ]);
    let client = Arc::new(
        TestClient::new(compose::router(&config, &store, None, Arc::default()))
            .default_header("host", "localhost"),
    );
    let ask = || {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.get("/tweet/").send().await.0.status() })
    };
    let under_way = [ask(), ask()];
    while gated.statements().len() < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        let answer = client.get("/tweet/").send().await;
        answer.assert_status(StatusCode::SERVICE_UNAVAILABLE);
        answer.assert_header("retry-after", "1");
        answer.assert_content_type("application/problem+json");
        answer.assert_header_exist("x-request-id");
        assert_eq!(gated.statements().len(), 2, "the store was not asked");
    }
    for path in ["/livez", "/healthcheck/", "/metrics", "/docs"] {
        assert_eq!(client.get(path).send().await.0.status(), StatusCode::OK, "{path}");
    }
    gated.release(3);
    for request in under_way {
        assert_eq!(request.await.expect("an end"), StatusCode::OK);
    }
    assert_eq!(
        ask().await.expect("an end"),
        StatusCode::OK,
        "there is room again"
    );
}

#[test]
fn connections_beyond_the_limit_wait_their_turn() {
    let mut service = Running::in_memory(&[("MAX_CONNECTIONS", "2")]);
    let [mut first, mut second, mut third] = [(); 3].map(|()| Client::of(&service));
    assert_eq!(first.get("/livez").expect("an answer").status, 200);
    assert_eq!(second.get("/livez").expect("an answer").status, 200);
    third
        .send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the system takes it");
    third
        .stream()
        .set_read_timeout(Some(Duration::from_millis(200)))
        .expect("a timeout");
    assert!(third.answer().is_err(), "there is no room for it yet");
    service.wait_for("MAX_CONNECTIONS are open");
    assert_eq!(
        first.get("/livez").expect("an answer").status,
        200,
        "the others are served"
    );
    drop(first);
    third
        .stream()
        .set_read_timeout(Some(crate::support::PATIENCE))
        .expect("a timeout");
    assert_eq!(third.answer().expect("an answer").status, 200);
}

#[test]
fn running_out_of_descriptors_is_told_once_and_passes() {
    let folder = TempDir::new().expect("a folder");
    let program = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 40 && exec \"$0\"",
            env!("CARGO_BIN_EXE_templatesite"),
        ])
        .env_clear()
        .envs([("DATABASE_URL", "memory:"), ("LISTEN_ADDR", "127.0.0.1:0")])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn();
    let mut service = Running::of(program.expect("the program"));
    service.serves();
    let address = service.address;
    let mut kept = Client::connect(address).expect("a connection");
    assert_eq!(kept.post("hello").expect("an answer").status, 201);
    let many: Vec<_> = (0..60)
        .map(|_| Client::connect(address).expect("the system takes it"))
        .collect();
    service.wait_for("no connection can be accepted");
    for _ in 0..100 {
        assert_eq!(
            kept.get("/tweet/").expect("an answer").status,
            200,
            "who is in is served"
        );
    }
    drop(many);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Relaxed) {
                let answer = Client::connect(address).and_then(|mut client| client.get("/livez"));
                assert_eq!(answer.expect("an answer").status, 200);
                thread::sleep(Duration::from_millis(50));
            }
        });
        service.wait_for("connections are accepted again");
        done.store(true, Relaxed);
    });
    let told = service.log.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(told, 1, "{:?}", service.log);
}
