//! A network between a program and its database, which a test makes fail.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use url::Url;

/// The length of `ReadyForQuery`, which is the whole response to a ping.
const PING_RESPONSE_LEN: usize = 6;

/// A TCP proxy between a program and its PostgreSQL server. It forwards everything, until the test makes it fail.
#[derive(Debug)]
pub struct Proxy {
    url: Url,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Connections that were opened in an earlier generation are silent.
    generation: AtomicUsize,
    /// Whether the server's next response is lost, together with its connection.
    lose_next_response: AtomicBool,
    /// Whether requests to the server are held back.
    paused: Mutex<bool>,
    resumed: Condvar,
    /// Whether a request was held back.
    has_held: AtomicBool,
    /// The delay of each response, in milliseconds.
    delay: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Requests,
    Responses,
}

impl Proxy {
    /// A proxy to the server of this URL.
    pub fn to(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let server = url.socket_addrs(|| Some(5432)).expect("a server");

        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(port)).expect("a port");

        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&*server) else {
                    continue;
                };
                shared.forward(&client, &server, Direction::Requests);
                shared.forward(&server, &client, Direction::Responses);
            }
        });

        Self { url, state }
    }

    /// The URL of the same database through this proxy.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Makes all current connections silent: both ends stay open and receive nothing any more. New connections work.
    pub fn silence(&self) {
        self.state.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Closes a connection when the server responds to a statement on it, without forwarding the response.
    pub fn lose_next_response(&self) {
        self.state.lose_next_response.store(true, Ordering::SeqCst);
    }

    /// Delays every response by this time, as a server under load would.
    pub fn slow_down(&self, delay: Duration) {
        self.state.delay.store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    /// Holds requests back until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.state.set_paused(true);
    }

    /// Whether a request was held back so far.
    pub fn has_held(&self) -> bool {
        self.state.has_held.load(Ordering::SeqCst)
    }

    /// Forwards the requests that were held back.
    pub fn resume(&self) {
        self.state.set_paused(false);
    }
}

impl State {
    fn set_paused(&self, paused: bool) {
        *self.paused.lock().expect("the lock") = paused;
        self.resumed.notify_all();
    }

    fn wait_while_paused(&self) {
        let mut paused = self.paused.lock().expect("the lock");
        while *paused {
            self.has_held.store(true, Ordering::SeqCst);
            paused = self.resumed.wait(paused).expect("the lock");
        }
    }

    /// Forwards what `from` sends, in a thread, until it closes.
    fn forward(self: &Arc<Self>, from: &TcpStream, to: &TcpStream, direction: Direction) {
        let mut from = from.try_clone().expect("a socket");
        let mut to = to.try_clone().expect("a socket");
        let state = Arc::clone(self);
        let generation = state.generation.load(Ordering::SeqCst);

        thread::spawn(move || {
            let is_silent = || state.generation.load(Ordering::SeqCst) != generation;

            let mut bytes = [0; 8192];
            while let Ok(length @ 1..) = from.read(&mut bytes) {
                match direction {
                    Direction::Requests => state.wait_while_paused(),
                    Direction::Responses => {
                        thread::sleep(Duration::from_millis(state.delay.load(Ordering::SeqCst)));
                    }
                }
                if is_silent() {
                    continue;
                }

                let is_lost = direction == Direction::Responses
                    && length > PING_RESPONSE_LEN
                    && state.lose_next_response.swap(false, Ordering::SeqCst);
                if is_lost || to.write_all(&bytes[..length]).is_err() {
                    let _ = from.shutdown(Shutdown::Both);
                    break;
                }
            }

            if !is_silent() {
                let _ = to.shutdown(Shutdown::Both);
            }
        });
    }
}
