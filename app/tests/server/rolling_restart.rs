//! A rolling restart: two instances on one database, behind a small proxy, under load.

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

use crate::{
    support::client::Client,
    support::{PATIENCE, Running},
};

/// Passes connections on to the instances that say they are ready.
struct Proxy {
    address: SocketAddr,
    instances: Mutex<Vec<(SocketAddr, bool)>>,
    next: AtomicUsize,
    done: AtomicBool,
}

impl Proxy {
    fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let proxy = Arc::new(Self {
            address,
            instances: Mutex::default(),
            next: AtomicUsize::new(0),
            done: AtomicBool::new(false),
        });
        let (accepting, asking) = (Arc::clone(&proxy), Arc::clone(&proxy));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let proxy = Arc::clone(&accepting);
                thread::spawn(move || proxy.pass_on(client));
            }
        });
        thread::spawn(move || {
            while !asking.done.load(Relaxed) {
                let instances = asking.instances.lock().expect("the list").clone();
                for (address, _) in instances {
                    asking.set(address, is_ready(address));
                }
                thread::sleep(Duration::from_millis(50));
            }
        });
        proxy
    }

    fn set(&self, address: SocketAddr, ready: bool) {
        let mut instances = self.instances.lock().expect("the list");
        if let Some(instance) = instances.iter_mut().find(|(known, _)| *known == address) {
            instance.1 = ready;
        }
    }

    fn swap(&self, from: Option<SocketAddr>, to: SocketAddr) {
        let mut instances = self.instances.lock().expect("the list");
        instances.retain(|(address, _)| Some(*address) != from);
        instances.push((to, false));
    }

    /// Instances in rotation, the one whose turn it is first.
    fn ready(&self) -> Vec<SocketAddr> {
        let instances = self.instances.lock().expect("the list");
        let mut ready: Vec<_> = instances
            .iter()
            .filter(|(_, ready)| *ready)
            .map(|(address, _)| *address)
            .collect();
        if !ready.is_empty() {
            let turn = self.next.fetch_add(1, Relaxed) % ready.len();
            ready.rotate_left(turn);
        }
        ready
    }

    fn wait_for(&self, ready: usize) {
        let started = Instant::now();
        while self.ready().len() != ready {
            assert!(started.elapsed() < PATIENCE, "{ready} instances are not ready");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn pass_on(&self, client: TcpStream) {
        let Some(instance) = self
            .ready()
            .into_iter()
            .find_map(|address| TcpStream::connect(address).ok())
        else {
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
    let answer = Client::connect(address).and_then(|mut client| client.get("/healthcheck/"));
    answer.is_ok_and(|answer| answer.status == 200)
}

/// Sends requests on a kept connection until told to stop; how many were answered, and why others were not.
fn load(address: SocketAddr, done: &AtomicBool) -> (usize, Vec<String>) {
    let (mut answered, mut failures, mut client) = (0, Vec::new(), None);
    while !done.load(Relaxed) {
        let mut ask = || {
            let client = match &mut client {
                Some(client) => client,
                none => none.insert(Client::connect(address)?),
            };
            if answered % 4 == 0 {
                client.post("rolling")
            } else {
                client.get("/tweet/?limit=2")
            }
        };
        match ask() {
            Ok(answer) if answer.status < 300 => {
                answered += 1;
                if answer.closes() {
                    client = None;
                }
            }
            other => {
                failures.push(format!("{other:?}"));
                client = None;
            }
        }
    }
    (answered, failures)
}

#[tokio::test]
async fn a_rolling_restart_fails_no_request() {
    let database = FreshDatabase::postgres().await;
    let folder = TempDir::new().expect("a folder");
    let start = || {
        let variables = [("DATABASE_URL", database.url()), ("SHUTDOWN_DELAY_SECONDS", "1")];
        Running::start(&variables, folder.path())
    };
    let proxy = Proxy::start();
    let mut instances = [start(), start()];
    for instance in &instances {
        proxy.swap(None, instance.address);
    }
    proxy.wait_for(2);
    let done = AtomicBool::new(false);
    let results: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| load(proxy.address, &done)))
            .collect();
        for instance in &mut instances {
            instance.signal("TERM");
            instance.wait_for("stopped");
            assert!(instance.child.wait().expect("an end").success());
            let (old, new) = (instance.address, start());
            proxy.swap(Some(old), new.address);
            *instance = new;
            proxy.wait_for(2);
        }
        done.store(true, Relaxed);
        clients
            .into_iter()
            .map(|client| client.join().expect("a result"))
            .collect()
    });
    proxy.done.store(true, Relaxed);
    let failures: Vec<_> = results.iter().flat_map(|(_, failures)| failures).collect();
    let answered: usize = results.iter().map(|(answered, _)| answered).sum();
    assert!(
        failures.is_empty(),
        "{} of {answered} failed: {failures:?}",
        failures.len()
    );
    assert!(answered > 100, "{answered} requests are no load");
}
