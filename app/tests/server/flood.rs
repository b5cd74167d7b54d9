//! Clients that open connections to take all places, and leave them unused.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::attack::Attack;
use crate::support::{Service, client::Client, example::COLLECTION, wait_until};

const MAX_CONNECTIONS: usize = 100;

/// Every probe and every request of a well-behaved client gets its response within this time.
const PROMISE: Duration = Duration::from_secs(1);

/// A running flood, from eight addresses.
pub(super) struct Flood {
    opened: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flood {
    /// Connections on which nothing is sent.
    pub(super) fn silent(service: SocketAddr) -> Self {
        Self::start(service, Attack::Silent)
    }

    fn start(service: SocketAddr, attack: Attack) -> Self {
        let (opened, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (Arc::clone(&opened), Arc::clone(&stop));

        let thread = thread::spawn(move || {
            let mut clients = VecDeque::new();
            while !stopped.load(Relaxed) {
                let number = count.load(Relaxed);
                let source = Ipv4Addr::new(127, 0, 0, 2 + (number % 8) as u8);
                if let Ok(mut client) = Client::connect_from(source, service) {
                    let _ = attack.begin(&mut client);
                    clients.push_back(client);
                }
                count.fetch_add(1, Relaxed);

                // As fast as possible at first, then 200 a second.
                if number > 3 * MAX_CONNECTIONS {
                    thread::sleep(Duration::from_millis(5));
                }
                // Tests may have a limit of open files, too.
                if clients.len() > 8 * MAX_CONNECTIONS {
                    clients.pop_front();
                }
                if number.is_multiple_of(attack.interval()) {
                    clients.retain_mut(|client| attack.go_on(client).is_ok());
                }
            }
        });
        Self {
            opened,
            stop,
            thread: Some(thread),
        }
    }

    /// Waits until this many connections were opened.
    pub(super) fn wait_for(&self, connections: usize) {
        wait_until("the flood is running", || {
            self.opened.load(Relaxed) >= connections
        });
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The time in which a new connection gets its response to each of these requests, sent one after another.
fn time_of_new_client(service: &Service) -> Duration {
    let started = Instant::now();

    let mut client = Client::of(service);
    assert_eq!(client.get("/livez").expect("a response").status, 200);
    assert_eq!(client.post("well-behaved").expect("a response").status, 201);
    assert_eq!(client.get(COLLECTION).expect("a response").status, 200);

    started.elapsed()
}

#[test]
fn probes_and_new_clients_are_served_during_a_flood_of_unused_connections() {
    for attack in [
        Attack::Silent,
        Attack::HalfHeader,
        Attack::SlowHeader,
        Attack::HalfBody,
        Attack::LateBody,
        Attack::Idle,
    ] {
        let mut service = Service::in_memory(&[
            ("MAX_CONNECTIONS", &MAX_CONNECTIONS.to_string()),
            // Without the help of the timeouts.
            ("HEADER_READ_TIMEOUT_SECONDS", "600"),
            ("BODY_READ_TIMEOUT_SECONDS", "600"),
            ("REQUEST_TIMEOUT_SECONDS", "600"),
            ("IDLE_TIMEOUT_SECONDS", "600"),
        ]);
        let flood = Flood::start(service.address, attack);
        flood.wait_for(4 * MAX_CONNECTIONS);
        service.wait_for_log("MAX_CONNECTIONS reached");

        for request in 0..20 {
            let time = time_of_new_client(&service);
            assert!(time < PROMISE, "{attack:?}: request {request} took {time:?}");
            flood.wait_for(4 * MAX_CONNECTIONS + 20 * request);
        }

        let evicted =
            service.metric(r#"http_server_evicted_connections_total{limit="MAX_CONNECTIONS"}"#) as usize;
        assert!(evicted >= 3 * MAX_CONNECTIONS, "{attack:?}: {evicted} evicted");
        assert!(service.metric("http_server_open_connections") <= MAX_CONNECTIONS as u64);
    }
}

#[test]
fn connections_that_do_not_read_their_responses_are_closed_for_new_ones() {
    let mut service = Service::in_memory(&[("MAX_CONNECTIONS", "5"), ("IDLE_TIMEOUT_SECONDS", "600")]);
    let requests = "GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50);
    let _unread: Vec<_> = (2..7)
        .map(|host| {
            let source = Ipv4Addr::new(127, 0, 0, host);
            let mut client = Client::connect_from(source, service.address).expect("a connection");
            client.send(requests.as_bytes()).expect("the requests are taken");
            client
        })
        .collect();

    // They count as unread after a second.
    let time = time_of_new_client(&service);
    assert!(time < 2 * PROMISE, "{time:?}");
    service.wait_for_log("MAX_CONNECTIONS reached");
}

#[test]
fn flood_is_logged_once_when_it_begins_and_once_when_it_ends() {
    let mut service = Service::in_memory(&[("MAX_CONNECTIONS", "20")]);

    for _ in 0..2 {
        let flood = Flood::silent(service.address);
        // Longer than an episode lasts by itself.
        flood.wait_for(3 * MAX_CONNECTIONS + 300);
        drop(flood);

        let (address, done) = (service.address, AtomicBool::new(false));
        let end = thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    let response = Client::connect(address).and_then(|mut client| client.get("/livez"));
                    assert_eq!(response.expect("a response").status, 200);
                    thread::sleep(Duration::from_millis(50));
                }
            });
            let end = service.wait_for_log("fewer than MAX_CONNECTIONS are open again");
            done.store(true, Relaxed);
            end
        });

        let number = end.split(['=', ' ']).find_map(|word| word.parse().ok());
        assert!(number > Some(300), "not the whole flood: {end}");
    }

    let warnings = service.log.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(warnings, 2, "{:?}", service.log);
}

#[test]
fn client_at_its_own_limit_displaces_its_own_connections_only() {
    let service = Service::in_memory(&[
        ("MAX_CONNECTIONS_PER_CLIENT", "3"),
        ("TRUSTED_PROXIES", "127.0.0.9"),
    ]);
    let connect = |host: u8| {
        let source = Ipv4Addr::new(127, 0, 0, host);
        let mut client = Client::connect_from(source, service.address)?;
        client.get("/livez").map(|_| client)
    };
    let mut others: Vec<_> = (0..3).map(|_| connect(3).expect("a response")).collect();
    let mut proxy: Vec<_> = (0..10).map(|_| connect(9).expect("a response")).collect();

    let mut own: VecDeque<_> = (0..3).map(|_| connect(2).expect("a response")).collect();
    for _ in 0..4 {
        // It is refused as long as the client's other connections have just been used.
        wait_until("the client's oldest connection is closed for it", || {
            connect(2).is_ok_and(|client| {
                own.push_back(client);
                true
            })
        });
        own.pop_front().expect("the oldest").wait_until_closed();
    }

    for client in own.iter_mut().chain(&mut others).chain(&mut proxy) {
        assert_eq!(client.get("/livez").expect("a response").status, 200);
    }
}
