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

/// The length of `ReadyForQuery`, all that the server says to a mere sign of life.
const SIGN_OF_LIFE: usize = 6;

/// A network between a program and its PostgreSQL, which passes on what comes, until it is told to lose something.
#[derive(Debug)]
pub struct Proxy {
    url: Url,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Database older than this are forgotten.
    era: AtomicUsize,
    /// Whether the server's next answer is lost, and its connection with it.
    cut: AtomicBool,
    /// Whether what is said to the server is kept back.
    closed: Mutex<bool>,
    opened: Condvar,
    /// Whether something was kept back.
    held: AtomicBool,
    /// How much later answers come, in milliseconds.
    delay: AtomicU64,
}

impl Proxy {
    /// A way to the server of this URL.
    pub fn to(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let server = url.socket_addrs(|| Some(5432)).expect("a server");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("an address").port()))
            .expect("a port");
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&*server) else {
                    continue;
                };
                shared.pass_on(&client, &server, false);
                shared.pass_on(&server, &client, true);
            }
        });
        Self { url, state }
    }

    /// The URL of the same database, through here.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Forgets the connections that there are: both ends stay open and hear nothing any more. New ones work.
    pub fn forget(&self) {
        self.state.era.fetch_add(1, Ordering::SeqCst);
    }

    /// Closes a connection as soon as the server answers a statement on it, without passing that on.
    pub fn lose_the_next_answer(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
    }

    /// Makes every answer come this much later, as from a server that has much to do.
    pub fn slow_down(&self, delay: Duration) {
        self.state.delay.store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    /// Keeps back what is said to the server, until it may go on.
    pub fn hold(&self) {
        self.state.close(true);
    }

    /// Whether something was kept back so far.
    pub fn has_held(&self) -> bool {
        self.state.held.load(Ordering::SeqCst)
    }

    /// Passes on what was kept back.
    pub fn go_on(&self) {
        self.state.close(false);
    }
}

impl State {
    fn close(&self, closed: bool) {
        *self.closed.lock().expect("the gate") = closed;
        self.opened.notify_all();
    }

    fn wait_until_open(&self) {
        let mut closed = self.closed.lock().expect("the gate");
        while *closed {
            self.held.store(true, Ordering::SeqCst);
            closed = self.opened.wait(closed).expect("the gate");
        }
    }

    fn pass_on(self: &Arc<Self>, from: &TcpStream, to: &TcpStream, answers: bool) {
        let (mut from, mut to) = (
            from.try_clone().expect("a socket"),
            to.try_clone().expect("a socket"),
        );
        let (state, era) = (Arc::clone(self), self.era.load(Ordering::SeqCst));
        thread::spawn(move || {
            let forgotten = || state.era.load(Ordering::SeqCst) != era;
            let mut bytes = [0; 8192];
            while let Ok(length @ 1..) = from.read(&mut bytes) {
                if answers {
                    thread::sleep(Duration::from_millis(state.delay.load(Ordering::SeqCst)));
                } else {
                    state.wait_until_open();
                }
                if forgotten() {
                    continue;
                }
                let lost = answers && length > SIGN_OF_LIFE && state.cut.swap(false, Ordering::SeqCst);
                if lost || to.write_all(&bytes[..length]).is_err() {
                    let _ = from.shutdown(Shutdown::Both);
                    break;
                }
            }
            if !forgotten() {
                let _ = to.shutdown(Shutdown::Both);
            }
        });
    }
}
