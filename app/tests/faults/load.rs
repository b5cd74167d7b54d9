//! Clients that create tweets and read pages, and remember what they were told.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::is_an_outage;
use crate::{
    support::Running,
    support::client::{Answer, Client},
};

/// How many clients there are.
const CLIENTS: usize = 6;

/// One request, on a connection of its own.
pub(super) fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<Answer> {
    let mut client = Client::connect(address)?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close");
    let head = format!(
        "{head}\r\nContent-Type: application/json\r\nContent-Length: {}",
        body.len()
    );
    client.send(format!("{head}\r\n\r\n{body}").as_bytes())?;
    client.answer()
}

/// A request and what became of it.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The text of the tweet that it would have stored; nothing for a page.
    pub(super) text: Option<String>,
    pub(super) began: Instant,
    pub(super) ended: Instant,
    /// `None` when there was no answer: the service was gone.
    pub(super) answer: Option<Answer>,
}

impl Attempt {
    pub(super) fn status(&self) -> u16 {
        self.answer.as_ref().map_or(0, |answer| answer.status)
    }

    pub(super) fn is_a_success(&self) -> bool {
        matches!(self.status(), 200 | 201)
    }

    pub(super) fn took(&self) -> Duration {
        self.ended - self.began
    }
}

/// Clients at work until they are called back.
pub(super) struct Load {
    attempts: Arc<Mutex<Vec<Attempt>>>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    pub(super) fn on(address: SocketAddr) -> Self {
        let (attempts, stop) = (
            Arc::<Mutex<Vec<Attempt>>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let client = |client| {
            let (attempts, stop) = (Arc::clone(&attempts), Arc::clone(&stop));
            std::thread::spawn(move || {
                for n in 0_usize.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let attempt = attempt(address, client, n);
                    attempts
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(attempt);
                    // A pace, so that the machine has time for others.
                    std::thread::sleep(Duration::from_millis(3));
                }
            })
        };
        let clients = (0..CLIENTS).map(client).collect();
        Self {
            attempts,
            stop,
            clients,
        }
    }

    /// How many attempts there were so far that this holds of.
    pub(super) fn count(&self, which: impl Fn(&Attempt) -> bool) -> usize {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.iter().filter(|attempt| which(attempt)).count()
    }

    /// All attempts, once every client is back.
    pub(super) fn stop(self) -> Vec<Attempt> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients
            .into_iter()
            .for_each(|client| client.join().expect("a client"));
        std::mem::take(&mut *self.attempts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Every other request creates a tweet.
fn attempt(address: SocketAddr, client: usize, n: usize) -> Attempt {
    let text = n
        .is_multiple_of(2)
        .then(|| format!("tweet {n} of client {client}"));
    let began = Instant::now();
    let answer = match &text {
        Some(text) => ask(address, "POST", "/tweet/", &format!("{{\"text\":\"{text}\"}}")),
        None => ask(address, "GET", &format!("/tweet/?limit={}", client + 1), ""),
    };
    Attempt {
        text,
        began,
        ended: Instant::now(),
        answer: answer.ok(),
    }
}

/// What was answered is a success or an outage, nothing else.
pub(super) fn all_are_proper(attempts: &[Attempt]) {
    for answer in attempts.iter().filter_map(|attempt| attempt.answer.as_ref()) {
        assert!(
            matches!(answer.status, 200 | 201) || is_an_outage(answer),
            "{answer:?}"
        );
    }
}

/// Every tweet that was acknowledged is stored once, under its id and with its text; none is stored twice. Tells how
/// many were acknowledged.
pub(super) fn all_acknowledged_are_stored(service: &Running, attempts: &[Attempt]) -> usize {
    let tweet = |tweet: &Value| (tweet["id"].to_string(), tweet["text"].as_str().map(str::to_owned));
    let mut stored = Vec::new();
    let mut path = "/tweet/?limit=200".to_owned();
    loop {
        let page = ask(service.address, "GET", &path, "").expect("a page");
        let page: Vec<Value> = serde_json::from_str(&page.body).expect("tweets");
        stored.extend(page.iter().map(tweet));
        let Some(last) = page.last().and_then(|last| last["id"].as_str()) else {
            break;
        };
        path = format!("/tweet/?limit=200&before={last}");
    }
    let mut times = HashMap::new();
    stored
        .iter()
        .for_each(|(_, text)| *times.entry(text).or_insert(0) += 1);
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "stored more than once: {twice:?}");
    let stored: HashMap<_, _> = stored.iter().map(|(id, text)| (id, text)).collect();
    let mut acknowledged = 0;
    for attempt in attempts.iter().filter(|attempt| attempt.status() == 201) {
        let answer = attempt
            .answer
            .as_ref()
            .map(|answer| serde_json::from_str(&answer.body));
        let (id, text) = tweet(&answer.expect("an answer").expect("a tweet"));
        assert_eq!(text, attempt.text);
        assert_eq!(stored.get(&id), Some(&&text), "{id} was acknowledged");
        acknowledged += 1;
    }
    acknowledged
}
