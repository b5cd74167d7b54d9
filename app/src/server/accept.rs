//! Listening, and accepting connections through every shortage of resources.

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

use super::connection_tracker::ConnectionTracker;

/// How many connections may wait in the system to be accepted. The system may have a lower limit of its own.
const BACKLOG: u32 = 4096;

/// How much of its responses the system stores for a client that does not read them, in bytes; Linux doubles it. The
/// default grows to 4 MiB. Half of this made large responses slow on loopback, which sends 64 KiB at once.
const SEND_BUFFER: u32 = 64 * 1024;

/// The first delay after a failure to accept; it doubles with each further one.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// The longest delay after a failure to accept.
const MAX_BACKOFF: Duration = Duration::from_millis(500);

/// A condition that has not been met for this long has ended.
const RECOVERY_TIME: Duration = Duration::from_secs(1);

/// File descriptors for everything but connections: the database, files, sockets of the log.
const RESERVED_DESCRIPTORS: u64 = 1100;

/// Raises the limit of open files, so that it allows this many connections. Many systems start programs with a limit of
/// 1,024 and let them raise it. If it stays too low, accepting pauses while descriptors are short.
pub(super) fn raise_descriptor_limit(max_connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let wanted = RESERVED_DESCRIPTORS + max_connections as u64;
    let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));

    if limit.current.is_some_and(|current| current < allowed) {
        let raised = Rlimit {
            current: Some(allowed),
            ..limit
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(
                %error,
                wanted,
                "cannot raise the limit of open files: when it is reached, new connections wait; raise it (ulimit -n) or \
                 lower MAX_CONNECTIONS"
            );
        }
    }
}

/// Listens with `SO_REUSEADDR`, so that a restart need not wait until the system has forgotten old connections.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    // The accepted sockets inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;

    socket.listen(BACKLOG)
}

/// Accepts connections until it is dropped. At `MAX_CONNECTIONS` it accepts none: further clients wait in the system's
/// queue, where they take no memory of ours.
pub(super) async fn accept(listener: &TcpListener, connections: &ConnectionTracker) {
    let (mut at_limit, mut failing) = (AcceptFailures::default(), AcceptFailures::default());

    loop {
        let permit = match connections.try_acquire() {
            Some(permit) => permit,
            None => {
                if at_limit.record() {
                    tracing::warn!(
                        "MAX_CONNECTIONS reached: new connections wait until an open one is closed"
                    );
                }
                connections.acquire().await
            }
        };
        if at_limit.recovered() {
            tracing::info!("fewer than MAX_CONNECTIONS are open again");
        }

        match listener.accept().await {
            Ok((stream, client)) => {
                if failing.recovered() {
                    tracing::info!("accepting connections again");
                }
                connections.spawn(stream, client, Some(permit));
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                if failing.record() {
                    tracing::warn!(
                        %error,
                        "cannot accept connections: open ones are served, new ones wait; retrying. If too many files are \
                         open, raise the limit (ulimit -n) or lower MAX_CONNECTIONS"
                    );
                }
                sleep(failing.next_backoff()).await;
            }
        }
    }
}

/// Accepts the connections that wait in the system's queue, even beyond `MAX_CONNECTIONS`, and closes the listener. The
/// system would reset these connections, although their clients may have sent requests already.
pub(super) fn drain_backlog(listener: TcpListener, connections: &ConnectionTracker) -> io::Result<()> {
    let listener = listener.into_std()?;

    while let Ok((stream, client)) = listener.accept() {
        stream.set_nonblocking(true)?;
        connections.spawn(TcpStream::from_std(stream)?, client, None);
    }

    Ok(())
}

/// Whether only the connection that was to be accepted has failed, so that the next can be accepted at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// A condition that comes back many times before it ends, so that its beginning and its end are logged once each.
#[derive(Default)]
struct AcceptFailures {
    last: Option<Instant>,
    backoff: Duration,
}

impl AcceptFailures {
    /// Records a failure. Returns whether it is the first since the last recovery.
    fn record(&mut self) -> bool {
        self.last.replace(Instant::now()).is_none()
    }

    /// The delay before the next attempt, longer each time.
    fn next_backoff(&mut self) -> Duration {
        self.backoff = (self.backoff * 2).clamp(INITIAL_BACKOFF, MAX_BACKOFF);
        self.backoff
    }

    /// Records a success. Returns whether it ends the condition: true once after failures, when the last of them was
    /// [`RECOVERY_TIME`] ago.
    fn recovered(&mut self) -> bool {
        let recovered = self.last.is_some_and(|last| last.elapsed() > RECOVERY_TIME);
        if recovered {
            *self = Self::default();
        }

        recovered
    }
}
