//! Clients that create items and read pages, and remember each response.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{MAX_REQUEST_TIME, is_an_outage};
use crate::support::{
    Service,
    client::{Client, Response, request},
    example,
};

const CLIENTS: usize = 6;

/// Between two requests of a client, so that the machine has time for the service.
const THINK_TIME: Duration = Duration::from_millis(3);

/// A request and its outcome.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The text of the item that it creates; `None` when it reads a page.
    pub(super) text: Option<String>,
    pub(super) began: Instant,
    pub(super) ended: Instant,
    /// `None` when the service closed the connection or did not accept it.
    pub(super) response: Option<Response>,
}

impl Attempt {
    pub(super) fn status(&self) -> u16 {
        self.response.as_ref().map_or(0, |response| response.status)
    }

    pub(super) fn is_a_success(&self) -> bool {
        matches!(self.status(), 200 | 201)
    }

    pub(super) fn created(&self) -> bool {
        self.status() == 201
    }

    pub(super) fn duration(&self) -> Duration {
        self.ended - self.began
    }
}

/// Clients that send requests until they are stopped.
pub(super) struct Load {
    attempts: Arc<Mutex<Vec<Attempt>>>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Clients that create items and read pages in turn.
    pub(super) fn on(address: SocketAddr) -> Self {
        Self::of(CLIENTS, |client| {
            move |n| {
                std::thread::sleep(THINK_TIME);
                attempt(address, client, n)
            }
        })
    }

    /// Clients that only create items, one after the other, each over one connection for as long as it is open.
    pub(super) fn creating(address: SocketAddr, clients: usize) -> Self {
        Self::of(clients, |client| {
            let mut connection = None;
            move |n| create(&mut connection, address, text(client, n))
        })
    }

    /// Clients that each make the attempts of the function that they get.
    fn of<A>(clients: usize, attempts_of: impl Fn(usize) -> A) -> Self
    where
        A: FnMut(usize) -> Attempt + Send + 'static,
    {
        let attempts = Arc::<Mutex<Vec<Attempt>>>::default();
        let stop = Arc::<AtomicBool>::default();

        let client = |client| {
            let (attempts, stop) = (Arc::clone(&attempts), Arc::clone(&stop));
            let mut attempt = attempts_of(client);
            std::thread::spawn(move || {
                for n in 0_usize.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let attempt = attempt(n);
                    attempts
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(attempt);
                }
            })
        };
        let clients = (0..clients).map(client).collect();

        Self {
            attempts,
            stop,
            clients,
        }
    }

    /// The number of finished attempts that this holds for.
    pub(super) fn count(&self, holds: impl Fn(&Attempt) -> bool) -> usize {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.iter().filter(|attempt| holds(attempt)).count()
    }

    /// Stops the clients, and returns all attempts.
    pub(super) fn stop(self) -> Vec<Attempt> {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("a client");
        }

        std::mem::take(&mut *self.attempts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn text(client: usize, n: usize) -> String {
    format!("item {n} of client {client}")
}

fn create(connection: &mut Option<Client>, address: SocketAddr, text: String) -> Attempt {
    let began = Instant::now();
    let client = connection.take().map_or_else(|| Client::connect(address), Ok);
    let response = client.and_then(|mut client| {
        let response = client.post(&text)?;
        *connection = Some(client).filter(|_| !response.closes());
        Ok(response)
    });

    Attempt {
        text: Some(text),
        began,
        ended: Instant::now(),
        response: response.ok(),
    }
}

/// Every second attempt creates an item.
fn attempt(address: SocketAddr, client: usize, n: usize) -> Attempt {
    let text = n.is_multiple_of(2).then(|| text(client, n));
    let page = format!("{}?limit={}", example::COLLECTION, client + 1);

    let began = Instant::now();
    let response = match &text {
        Some(text) => request(address, "POST", example::COLLECTION, &example::body(text)),
        None => request(address, "GET", &page, ""),
    };

    Attempt {
        text,
        began,
        ended: Instant::now(),
        response: response.ok(),
    }
}

/// Asserts that every response is a success or an outage.
pub(super) fn all_succeeded_or_met_an_outage(attempts: &[Attempt]) {
    for response in attempts.iter().filter_map(|attempt| attempt.response.as_ref()) {
        assert!(
            matches!(response.status, 200 | 201) || is_an_outage(response),
            "{response:?}"
        );
    }
}

/// Asserts that every request got a response within [`MAX_REQUEST_TIME`]. Returns the longest time.
pub(super) fn all_responses_were_in_time(attempts: &[Attempt]) -> Duration {
    assert!(
        attempts.iter().all(|attempt| attempt.response.is_some()),
        "a request got no response"
    );

    let longest = attempts.iter().map(Attempt::duration).max().unwrap_or_default();
    assert!(longest < MAX_REQUEST_TIME, "a request took {longest:?}");
    longest
}

/// All items of the service, by pages.
fn all_items(service: &Service) -> Vec<Value> {
    let mut items = Vec::new();
    let first = format!("{}?limit=200", example::COLLECTION);
    let mut path = first.clone();

    loop {
        let page = super::get(service, &path);
        let page: Vec<Value> = serde_json::from_str(&page.body).expect("items");
        items.extend_from_slice(&page);

        let Some(last) = page.last().and_then(|last| last["id"].as_str()) else {
            return items;
        };
        path = format!("{first}&before={last}");
    }
}

/// Asserts that every acknowledged item is stored once, under its id and with its text, and no other twice. Returns the
/// number of acknowledged items.
pub(super) fn all_acknowledged_are_stored(service: &Service, attempts: &[Attempt]) -> usize {
    let (mut by_id, mut occurrences) = (HashMap::new(), HashMap::new());
    for item in all_items(service) {
        let text = example::text_of(&item);
        *occurrences.entry(text.clone()).or_insert(0) += 1;
        by_id.insert(item["id"].to_string(), text);
    }

    let twice: Vec<_> = occurrences.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "stored more than once: {twice:?}");

    let mut acknowledged = 0;
    for attempt in attempts.iter().filter(|attempt| attempt.created()) {
        let response = attempt.response.as_ref().expect("a response");
        let item: Value = serde_json::from_str(&response.body).expect("an item");
        let text = example::text_of(&item);

        assert_eq!(Some(&text), attempt.text.as_ref());
        let stored = by_id.get(&item["id"].to_string());
        assert_eq!(stored, Some(&text), "{item} was acknowledged");
        acknowledged += 1;
    }
    acknowledged
}
