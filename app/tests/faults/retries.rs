//! Requests sent again under a key, to other instances and after a restart.

use std::{path::Path, thread};

use adapters::testing::FreshDatabase;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Running, client::Client};

/// The tweet's id, and whether an earlier request had stored it.
fn post(service: &mut Client, key: usize) -> (String, bool) {
    let head = "POST /tweet/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    let body = format!("{{\"text\":\"under key {key}\"}}");
    let length = body.len();
    let request = format!("{head}\r\nIdempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n{body}");
    service.send(request.as_bytes()).expect("the request is taken");
    let answer = service.answer().expect("an answer");
    assert_eq!(answer.status, 201, "{answer:?}");
    let tweet: Value = serde_json::from_str(&answer.body).expect("a tweet");
    (
        tweet["id"].to_string(),
        answer.head.contains("\r\nidempotent-replayed: true\r\n"),
    )
}

fn one_tweet_a_key(url: &str, folder: &Path) {
    const KEYS: usize = 30;
    let start = || Running::start(&[("DATABASE_URL", url)], folder);
    let (mut one, other) = (start(), start());
    let (mut a, mut b) = (Client::of(&one), Client::of(&other));
    let mut ids = Vec::new();
    for key in 0..KEYS {
        let ((first, replayed), (second, replayed_too)) = thread::scope(|scope| {
            let first = scope.spawn(|| post(&mut a, key));
            (post(&mut b, key), first.join().expect("an answer"))
        });
        assert_eq!(first, second);
        assert!(replayed != replayed_too, "one of them stored it");
        ids.push(first);
    }
    one.child.kill().expect("it runs");
    let again = start();
    let mut client = Client::of(&again);
    for (key, id) in ids.iter().enumerate() {
        assert_eq!(post(&mut client, key), (id.clone(), true));
    }
    let page = client.get("/tweet/?limit=100").expect("a page");
    assert_eq!(page.body.matches("under key").count(), KEYS, "{page:?}");
}

#[test]
fn on_sqlite() {
    one_tweet_a_key("sqlite://tweets.db", TempDir::new().expect("a folder").path());
}

#[tokio::test]
async fn on_postgres() {
    let database = FreshDatabase::postgres().await;
    one_tweet_a_key(database.url(), TempDir::new().expect("a folder").path());
}
