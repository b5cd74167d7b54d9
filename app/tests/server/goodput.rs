//! Ten times the load that there is room for, on a store that needs a while for each statement.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use adapters::testing::{FreshDatabase, Proxy};
use tempfile::TempDir;

use crate::support::{Running, client::Client};

const ROOM: usize = 8;

/// What clients were answered who send one request after another.
#[derive(Debug, Default)]
struct Answers {
    stored: usize,
    refused: usize,
}

impl Answers {
    fn count(service: SocketAddr, until: Instant) -> Self {
        let mut answers = Self::default();
        let mut client = Client::connect(service).expect("a connection");
        while Instant::now() < until {
            let answer = client.post("under load").expect("an answer");
            match answer.status {
                201 => answers.stored += 1,
                503 if answer.head.contains("\r\nretry-after: 1\r\n") => answers.refused += 1,
                _ => panic!("{answer:?}"),
            }
        }
        answers
    }

    fn of(service: &Running, clients: usize) -> Self {
        let until = Instant::now() + Duration::from_secs(3);
        thread::scope(|scope| {
            let address = service.address;
            let client = |_| scope.spawn(move || Self::count(address, until));
            let clients: Vec<_> = (0..clients).map(client).collect();
            // Whoever looks after the service is answered all the while.
            while Instant::now() < until {
                for path in ["/livez", "/healthcheck/", "/metrics"] {
                    assert_eq!(
                        Client::of(service).get(path).expect("an answer").status,
                        200,
                        "{path}"
                    );
                }
                thread::sleep(Duration::from_millis(50));
            }
            clients.into_iter().fold(Self::default(), |sum, client| {
                let Self { stored, refused } = client.join().expect("what a client was answered");
                Self {
                    stored: sum.stored + stored,
                    refused: sum.refused + refused,
                }
            })
        })
    }
}

fn resident_mib(service: &Running) -> u64 {
    service.metric("process_resident_memory_bytes") >> 20
}

#[tokio::test]
async fn ten_times_the_load_is_served_as_fast_as_one() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let folder = TempDir::new().expect("a folder");
    let room = ROOM.to_string();
    let service = Running::start(
        &[("DATABASE_URL", proxy.url()), ("MAX_CONCURRENT_REQUESTS", &room)],
        folder.path(),
    );
    proxy.slow_down(Duration::from_millis(20));
    let full = Answers::of(&service, ROOM);
    let before = resident_mib(&service);
    let beyond = Answers::of(&service, 10 * ROOM);
    let grown = resident_mib(&service).saturating_sub(before);
    assert_eq!(full.refused, 0, "{full:?}");
    assert!(beyond.refused >= 9 * ROOM, "{beyond:?}");
    assert!(beyond.stored * 10 >= full.stored * 8, "{beyond:?} after {full:?}");
    assert!(grown < 20, "it took {grown} MiB more");
}
