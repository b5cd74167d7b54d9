//! Taking connections from the system, whatever it runs out of.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::sleep,
};

use super::connection_tracker::Connections;

/// How many connections may wait in the system to be accepted; it may have a lower limit of its own.
const BACKLOG: u32 = 4096;

/// How long to wait when nothing can be accepted: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];

/// A trouble that stayed away this long is over.
const OVER: Duration = Duration::from_secs(1);

/// What the process holds besides connections: the store's, files, sockets of the log.
const OTHER_DESCRIPTORS: u64 = 1100;

/// Asks the system for as many descriptors as there may be connections. Many systems start programs with 1,024 and
/// allow more to those who ask. Where even that is too little, accepting pauses when they run out.
pub(super) fn raise_descriptor_limit(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let wanted = OTHER_DESCRIPTORS + connections as u64;
    let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if limit.current.is_some_and(|current| current < allowed) {
        let raised = Rlimit {
            current: Some(allowed),
            ..limit
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
    }
}

/// Listens, with `SO_REUSEADDR`, so that a restart need not wait for connections of the time before.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until it is dropped. Nothing is accepted while there is no room: clients wait in the system's
/// queue, where they take no memory of ours.
pub(super) async fn accept(listener: &TcpListener, connections: &Connections) {
    let (mut full, mut failing) = (Trouble::default(), Trouble::default());
    loop {
        let room = match connections.room() {
            Some(room) => room,
            None => {
                if full.met() {
                    tracing::warn!("MAX_CONNECTIONS are open: further ones wait until one is closed");
                }
                connections.room_in_time().await
            }
        };
        if full.is_over() {
            tracing::info!("there is room for connections again");
        }
        match listener.accept().await {
            Ok((stream, client)) => {
                if failing.is_over() {
                    tracing::info!("connections are accepted again");
                }
                connections.serve(stream, client, Some(room));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if failing.met() {
                    tracing::warn!(%error, "no connection can be accepted; trying again until one can");
                }
                sleep(failing.pause()).await;
            }
        }
    }
}

/// Accepts what had connected before the listener is closed, whether there is room or not: the system would reset these
/// connections, though their clients may have sent requests already.
pub(super) fn accept_those_waiting(listener: TcpListener, connections: &Connections) -> io::Result<()> {
    let listener = listener.into_std()?;
    while let Ok((stream, client)) = listener.accept() {
        stream.set_nonblocking(true)?;
        connections.serve(TcpStream::from_std(stream)?, client, None);
    }
    Ok(())
}

/// Whether the next connection may well be accepted: this one was gone before its turn came.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// Something that keeps happening for a while, and is told once.
#[derive(Default)]
struct Trouble {
    last: Option<Instant>,
    pause: Duration,
}

impl Trouble {
    /// It happened; whether for the first time since it was over.
    fn met(&mut self) -> bool {
        self.last.replace(Instant::now()).is_none()
    }

    /// How long to wait before trying again: longer each time.
    fn pause(&mut self) -> Duration {
        self.pause = (self.pause * 2).clamp(PAUSES[0], PAUSES[1]);
        self.pause
    }

    /// It did not happen; whether that ends it.
    fn is_over(&mut self) -> bool {
        let over = self.last.is_some_and(|last| last.elapsed() > OVER);
        if over {
            *self = Self::default();
        }
        over
    }
}
