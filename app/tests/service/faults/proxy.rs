//! A network between the service and its database that can forget connections.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use url::Url;

/// Passes on what comes, until it forgets; then both ends of each connection stay open and hear nothing any more.
pub(super) struct Proxy {
    url: Url,
    /// Connections older than this are forgotten.
    era: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) fn to(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let server: SocketAddr = ([127, 0, 0, 1], url.port().expect("a port")).into();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        let era = Arc::<AtomicUsize>::default();
        let now = Arc::clone(&era);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(server) else { continue };
                pass_on(&client, &server, &now);
                pass_on(&server, &client, &now);
            }
        });
        Self { url, era }
    }

    pub(super) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Forgets the connections that there are. New ones work.
    pub(super) fn forget(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream, now: &Arc<AtomicUsize>) {
    let (mut from, mut to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
    let (now, era) = (Arc::clone(now), now.load(Ordering::SeqCst));
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if now.load(Ordering::SeqCst) == era && to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        if now.load(Ordering::SeqCst) == era {
            let _ = to.shutdown(std::net::Shutdown::Both);
        }
    });
}
