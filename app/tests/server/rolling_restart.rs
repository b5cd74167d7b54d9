//! A rolling restart under load: two instances on one database, behind a small load balancer.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use crate::support::{Service, TIMEOUT, client::Client, requests::send_until};

/// Forwards each connection to one of the instances whose health check succeeds.
struct LoadBalancer {
    address: SocketAddr,
    /// The address of each instance and whether it is ready.
    instances: Mutex<Vec<(SocketAddr, bool)>>,
    next: AtomicUsize,
    done: AtomicBool,
}

impl LoadBalancer {
    fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let balancer = Arc::new(Self {
            address: listener.local_addr().expect("an address"),
            instances: Mutex::default(),
            next: AtomicUsize::new(0),
            done: AtomicBool::new(false),
        });
        let (forwarding, probing) = (Arc::clone(&balancer), Arc::clone(&balancer));

        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let balancer = Arc::clone(&forwarding);
                thread::spawn(move || balancer.forward(client));
            }
        });
        thread::spawn(move || {
            while !probing.done.load(Relaxed) {
                let instances = probing.instances.lock().expect("the instances").clone();
                for (address, _) in instances {
                    probing.set_ready(address, is_ready(address));
                }
                thread::sleep(Duration::from_millis(50));
            }
        });

        balancer
    }

    fn set_ready(&self, address: SocketAddr, ready: bool) {
        let mut instances = self.instances.lock().expect("the instances");
        if let Some(instance) = instances.iter_mut().find(|(other, _)| *other == address) {
            instance.1 = ready;
        }
    }

    /// Adds an instance, in place of another if one is given.
    fn replace(&self, old: Option<SocketAddr>, new: SocketAddr) {
        let mut instances = self.instances.lock().expect("the instances");
        instances.retain(|(address, _)| Some(*address) != old);
        instances.push((new, false));
    }

    /// The ready instances, beginning with the next in rotation.
    fn ready(&self) -> Vec<SocketAddr> {
        let instances = self.instances.lock().expect("the instances");
        let mut ready: Vec<_> = instances
            .iter()
            .filter(|(_, ready)| *ready)
            .map(|(address, _)| *address)
            .collect();

        if !ready.is_empty() {
            let next = self.next.fetch_add(1, Relaxed) % ready.len();
            ready.rotate_left(next);
        }

        ready
    }

    fn wait_until_ready(&self, count: usize) {
        let started = Instant::now();
        while self.ready().len() != count {
            assert!(started.elapsed() < TIMEOUT, "{count} instances are not ready");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn forward(&self, client: TcpStream) {
        let mut ready = self.ready().into_iter();
        let Some(instance) = ready.find_map(|address| TcpStream::connect(address).ok()) else {
            return;
        };
        for socket in [&client, &instance] {
            let _ = socket.set_nodelay(true);
        }
        let (Ok(from), Ok(to)) = (client.try_clone(), instance.try_clone()) else {
            return;
        };

        thread::spawn(move || copy(from, to));
        copy(instance, client);
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

fn is_ready(address: SocketAddr) -> bool {
    let response = Client::connect(address).and_then(|mut client| client.get("/healthcheck/"));
    response.is_ok_and(|response| response.status == 200)
}

#[tokio::test]
async fn rolling_restart_fails_no_request() {
    let database = FreshDatabase::postgres().await;
    let folder = TempDir::new().expect("a folder");
    let start = || {
        let variables = [("DATABASE_URL", database.url()), ("SHUTDOWN_DELAY_SECONDS", "1")];
        Service::start(&variables, folder.path())
    };
    let balancer = LoadBalancer::start();
    let mut instances = [start(), start()];
    for instance in &instances {
        balancer.replace(None, instance.address);
    }
    balancer.wait_until_ready(2);

    let done = AtomicBool::new(false);
    let results: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| send_until(&done, || Client::connect(balancer.address))))
            .collect();

        for instance in &mut instances {
            instance.signal("TERM");
            instance.wait_for_log("stopped");
            assert!(instance.child.wait().expect("an exit").success());

            let (old, new) = (instance.address, start());
            balancer.replace(Some(old), new.address);
            *instance = new;
            balancer.wait_until_ready(2);
        }
        done.store(true, Relaxed);

        clients
            .into_iter()
            .map(|client| client.join().expect("a result"))
            .collect()
    });
    balancer.done.store(true, Relaxed);

    let failures: Vec<_> = results.iter().flat_map(|(_, failures)| failures).collect();
    let successes: usize = results.iter().map(|(successes, _)| successes).sum();
    assert!(
        failures.is_empty(),
        "{} requests failed besides {successes} successful ones: {failures:?}",
        failures.len()
    );
    assert!(successes > 100, "{successes} requests are too few to be a load");
}
