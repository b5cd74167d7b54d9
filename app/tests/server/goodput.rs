//! Ten times the load that `MAX_CONCURRENT_REQUESTS` allows, on a database that needs 20 ms for each statement.

use std::{
    net::SocketAddr,
    ops::Add,
    thread,
    time::{Duration, Instant},
};

use adapters::testing::{FreshDatabase, Proxy};
use tempfile::TempDir;

use crate::support::{Service, client::Client};

const MAX_CONCURRENT_REQUESTS: usize = 8;

/// How many times at most the two loads are compared; one comparison that keeps 80 % is enough. Other tests run at the
/// same time, and may take more of the cores from one load than from the other.
const MAX_COMPARISONS: usize = 3;

/// The responses to clients that send one request after another, without a pause.
#[derive(Debug, Default)]
struct Responses {
    created: usize,
    overloaded: usize,
}

impl Add for Responses {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            created: self.created + other.created,
            overloaded: self.overloaded + other.overloaded,
        }
    }
}

/// Sends requests on one connection until the given instant.
fn send_requests(service: SocketAddr, until: Instant) -> Responses {
    let mut client = Client::connect(service).expect("a connection");
    let mut responses = Responses::default();

    while Instant::now() < until {
        let response = client.post("under load").expect("a response");
        match response.status {
            201 => responses.created += 1,
            503 if response.head.contains("\r\nretry-after: 1\r\n") => responses.overloaded += 1,
            _ => panic!("{response:?}"),
        }
    }

    responses
}

/// Three seconds of load by this many clients, during which probes and metrics must always be served.
fn load(service: &Service, clients: usize) -> Responses {
    let until = Instant::now() + Duration::from_secs(3);

    thread::scope(|scope| {
        let address = service.address;
        let clients: Vec<_> = (0..clients)
            .map(|_| scope.spawn(move || send_requests(address, until)))
            .collect();

        while Instant::now() < until {
            for path in ["/livez", "/readyz", "/healthcheck/", "/metrics"] {
                let response = Client::of(service).get(path).expect("a response");
                assert_eq!(response.status, 200, "{path}");
            }
            thread::sleep(Duration::from_millis(50));
        }

        clients
            .into_iter()
            .map(|client| client.join().expect("the client's responses"))
            .fold(Responses::default(), Responses::add)
    })
}

fn resident_mib(service: &Service) -> u64 {
    service.metric("process_resident_memory_bytes") >> 20
}

/// What a load at the limit got, and after it ten times that load.
#[derive(Debug)]
struct Comparison {
    at_limit: Responses,
    overloaded: Responses,
    memory_growth_mib: u64,
}

impl Comparison {
    fn measure(service: &Service) -> Self {
        let at_limit = load(service, MAX_CONCURRENT_REQUESTS);
        let memory = resident_mib(service);
        let overloaded = load(service, 10 * MAX_CONCURRENT_REQUESTS);

        Self {
            at_limit,
            overloaded,
            memory_growth_mib: resident_mib(service).saturating_sub(memory),
        }
    }

    fn keeps_80_percent(&self) -> bool {
        self.overloaded.created * 10 >= self.at_limit.created * 8
    }
}

#[tokio::test]
async fn goodput_at_ten_times_the_load_is_at_least_80_percent() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let folder = TempDir::new().expect("a folder");
    let limit = MAX_CONCURRENT_REQUESTS.to_string();
    let variables = [("DATABASE_URL", proxy.url()), ("MAX_CONCURRENT_REQUESTS", &limit)];
    let service = Service::start(&variables, folder.path());
    proxy.slow_down(Duration::from_millis(20));

    let mut comparisons = Vec::new();
    let mut kept = false;
    while !kept && comparisons.len() < MAX_COMPARISONS {
        let comparison = Comparison::measure(&service);
        kept = comparison.keeps_80_percent();
        comparisons.push(comparison);
    }

    assert!(kept, "{comparisons:?}");
    for comparison in comparisons {
        assert_eq!(comparison.at_limit.overloaded, 0, "{comparison:?}");
        assert!(
            comparison.overloaded.overloaded >= 9 * MAX_CONCURRENT_REQUESTS,
            "{comparison:?}"
        );
        assert!(comparison.memory_growth_mib < 20, "{comparison:?}");
    }
}
