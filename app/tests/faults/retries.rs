//! Requests that are retried with their idempotency key, at other instances and after a restart.

use std::{path::Path, thread};

use adapters::testing::FreshDatabase;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    Service,
    client::{Client, post_head},
    example,
};

/// Creates an item under a key. Returns its id, and whether an earlier request had stored it.
fn post(client: &mut Client, key: usize) -> (String, bool) {
    let body = example::body(&format!("under key {key}"));
    let head = post_head(body.len());
    let head = head.trim_end_matches("\r\n");
    let request = format!("{head}\r\nIdempotency-Key: {key}\r\n\r\n{body}");
    client.send(request.as_bytes()).expect("the request is sent");

    let response = client.response().expect("a response");
    assert_eq!(response.status, 201, "{response:?}");
    let item: Value = serde_json::from_str(&response.body).expect("an item");
    let replayed = response.header("idempotent-replayed") == Some("true");
    (item["id"].to_string(), replayed)
}

fn a_key_stores_one_item_at_all_instances_and_after_a_restart(url: &str, folder: &Path) {
    const KEYS: usize = 30;
    let start = || Service::start(&[("DATABASE_URL", url)], folder);
    let (mut one, other) = (start(), start());
    let (mut a, mut b) = (Client::of(&one), Client::of(&other));
    let mut ids = Vec::new();

    for key in 0..KEYS {
        let ((first, first_replayed), (second, second_replayed)) = thread::scope(|scope| {
            let first = scope.spawn(|| post(&mut a, key));
            (post(&mut b, key), first.join().expect("a response"))
        });
        assert_eq!(first, second);
        assert!(first_replayed != second_replayed, "exactly one request stores it");
        ids.push(first);
    }

    one.child.kill().expect("a process to kill");
    let restarted = start();
    let mut client = Client::of(&restarted);
    for (key, id) in ids.iter().enumerate() {
        assert_eq!(post(&mut client, key), (id.clone(), true));
    }

    let page = client.get(&format!("{}?limit=100", example::COLLECTION));
    let page = page.expect("a page");
    assert_eq!(page.body.matches("under key").count(), KEYS, "{page:?}");
}

#[test]
fn a_key_stores_one_item_at_all_instances_and_after_a_restart_on_sqlite() {
    let folder = TempDir::new().expect("a folder");
    a_key_stores_one_item_at_all_instances_and_after_a_restart("sqlite://store.db", folder.path());
}

#[tokio::test]
async fn a_key_stores_one_item_at_all_instances_and_after_a_restart_on_postgres() {
    let (database, folder) = (FreshDatabase::postgres().await, TempDir::new().expect("a folder"));
    a_key_stores_one_item_at_all_instances_and_after_a_restart(database.url(), folder.path());
}
