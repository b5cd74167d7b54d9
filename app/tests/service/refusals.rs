//! What clients meet while every turn is taken: the program on a database that does not answer for a while.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use adapters::testing::FreshDatabase;
use tempfile::TempDir;
use url::Url;

use crate::{
    client::Client,
    support::{PATIENCE, Running},
};

/// Passes on what is said to a database, unless it is told to wait.
#[derive(Default)]
struct Relay {
    waits: Mutex<bool>,
    goes_on: Condvar,
    /// Whether something was said that waits.
    holds: AtomicBool,
}

impl Relay {
    /// A relay and the URL that leads through it.
    fn to(database: &str) -> (Arc<Self>, String) {
        let mut url = Url::parse(database).expect("a URL");
        let database = url.socket_addrs(|| Some(5432)).expect("an address")[0];
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        url.set_ip_host(address.ip()).expect("a host");
        url.set_port(Some(address.port())).expect("a port");
        let relay = Arc::new(Self::default());
        let passing = Arc::clone(&relay);
        thread::spawn(move || {
            for service in listener.incoming().map_while(Result::ok) {
                let relay = Arc::clone(&passing);
                thread::spawn(move || relay.pass_on(service, database));
            }
        });
        (relay, url.into())
    }

    fn pass_on(&self, mut service: TcpStream, database: SocketAddr) {
        let mut database = TcpStream::connect(database).expect("the database");
        let (mut answers, mut asker) =
            (database.try_clone().expect("the socket"), service.try_clone().expect("the socket"));
        thread::spawn(move || std::io::copy(&mut answers, &mut asker));
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = service.read(&mut bytes) {
            let mut waits = self.waits.lock().expect("the gate");
            while *waits {
                self.holds.store(true, Relaxed);
                waits = self.goes_on.wait(waits).expect("the gate");
            }
            drop(waits);
            if database.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
    }

    fn wait(&self, waits: bool) {
        *self.waits.lock().expect("the gate") = waits;
        self.goes_on.notify_all();
    }
}

#[tokio::test]
async fn who_is_refused_and_does_not_wait_is_made_to() {
    let database = FreshDatabase::postgres().await;
    let (relay, url) = Relay::to(database.url());
    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", &*url), ("MAX_REQUESTS", "1"), ("REQUEST_TIMEOUT_SECONDS", "60")];
    let mut service = Running::start(&variables, folder.path());
    let connect = || Client::connect(service.address).expect("a connection");
    let mut served = connect();
    relay.wait(true);
    served.send(b"GET /tweet/ HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("the request is taken");
    let started = Instant::now();
    while !relay.holds.load(Relaxed) {
        assert!(started.elapsed() < PATIENCE, "the database was not asked");
        thread::sleep(Duration::from_millis(1));
    }
    let mut refused = connect();
    let since = Instant::now();
    let answer = refused.get("/tweet/").expect("an answer");
    assert!(answer.status == 503 && answer.head.contains("\r\nretry-after: 1\r\n"), "{answer:?}");
    assert!(!answer.closes(), "{answer:?}");
    assert_eq!(refused.get("/livez").expect("an answer").status, 200);
    let held = since.elapsed();
    assert!(held >= Duration::from_millis(990), "the next request waited {held:?} only");
    for path in ["/livez", "/healthcheck/", "/metrics"] {
        let answer = connect().get(path).expect("an answer");
        // The health report asks the database, which does not answer.
        assert_eq!(answer.status, if path == "/healthcheck/" { 503 } else { 200 }, "{path}: {answer:?}");
    }
    relay.wait(false);
    assert_eq!(served.answer().expect("an answer").status, 200);
    assert_eq!(connect().get("/tweet/").expect("an answer").status, 200, "there is room again");
    service.wait_for("MAX_REQUESTS are under way");
}
