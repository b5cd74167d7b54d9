//! Listening, and accepting connections through every shortage of resources.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::sleep,
};

use super::{
    connection_tracker::{ClientLimit, ConnectionPermit, ConnectionTracker},
    episode::Episode,
};

/// How many connections may wait in the system to be accepted. The system may have a lower limit of its own.
pub(super) const BACKLOG: u32 = 4096;

/// How much of its responses the system stores for a client that does not read them, in bytes; Linux doubles it. The
/// default grows to 4 MiB. Half of this made large responses slow on loopback, which sends 64 KiB at once.
const SEND_BUFFER: u32 = 64 * 1024;

/// How much of its requests the system stores for a client before the service reads them, in bytes; Linux doubles it. It
/// holds the largest request. The default grows to 6 MiB for a client that once sent much.
const RECEIVE_BUFFER: u32 = 32 * 1024;

/// The first delay after a failure to accept; it doubles with each further one.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// The longest delay after a failure to accept.
const MAX_BACKOFF: Duration = Duration::from_millis(500);

/// While all connections are in use, this often one is looked for that no longer is.
const EVICTION_INTERVAL: Duration = Duration::from_millis(25);

/// Listens with `SO_REUSEADDR`, so that a restart need not wait until the system has forgotten old connections.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    // The accepted sockets inherit both.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(address)?;

    socket.listen(BACKLOG)
}

/// Accepts connections within the limits. Further ones wait in the system's queue, where they take no memory of ours.
pub(super) struct Acceptor {
    listener: TcpListener,
    /// An accepted connection that waits for its permit. It is held here because [`accept`](Self::accept) may be dropped.
    waiting: Option<(TcpStream, SocketAddr)>,
    at_limit: Episode,
    at_client_limit: Episode,
    failing: Episode,
    backoff: Duration,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            waiting: None,
            at_limit: Episode::default(),
            at_client_limit: Episode::default(),
            failing: Episode::default(),
            backoff: Duration::ZERO,
        }
    }

    /// Accepts connections until it is dropped.
    pub(super) async fn accept(&mut self, connections: &ConnectionTracker) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.log_ends();
                    let limit = connections.limit_client(peer);
                    self.log_client_limit(&limit, peer);
                    if matches!(limit, ClientLimit::Exceeded) {
                        let _ = stream.set_zero_linger();
                        continue;
                    }

                    self.waiting = Some((stream, peer));
                    let permit = self.acquire(connections, &limit).await;
                    if let Some((stream, peer)) = self.waiting.take() {
                        connections.spawn(stream, peer, Some(permit));
                    }
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => self.back_off(&error).await,
            }
        }
    }

    /// Accepts the connections that wait in the system's queue, even beyond `MAX_CONNECTIONS`, and closes the listener.
    /// The system would reset these connections, although their clients may have sent requests already.
    pub(super) fn drain_backlog(self, connections: &ConnectionTracker) -> io::Result<()> {
        if let Some((stream, peer)) = self.waiting {
            connections.spawn(stream, peer, None);
        }

        let listener = self.listener.into_std()?;
        // Not more than waited when the shutdown began: those that come meanwhile could keep it from ever ending.
        for _ in 0..BACKLOG {
            if !connections.can_drain_another() {
                break;
            }
            match listener.accept() {
                Ok((stream, peer)) => {
                    let stream = stream
                        .set_nonblocking(true)
                        .and_then(|()| TcpStream::from_std(stream));
                    // An error concerns this connection alone.
                    if let Ok(stream) = stream {
                        connections.spawn(stream, peer, None);
                    }
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(_) => break,
            }
        }

        Ok(())
    }

    /// A permit for one more connection. At `MAX_CONNECTIONS`, the least useful connection is closed for it, or the next
    /// one that is no longer in use.
    async fn acquire(&mut self, connections: &ConnectionTracker, limit: &ClientLimit) -> ConnectionPermit {
        // The permit of an evicted connection is released a little later, when its task has ended.
        let mut evicted = matches!(limit, ClientLimit::Evicted);

        loop {
            if let Some(permit) = connections.try_acquire() {
                return permit;
            }
            if !evicted {
                if self.at_limit.record() {
                    tracing::warn!(
                        "MAX_CONNECTIONS reached: each new connection takes the place of the least useful one on which no \
                         request is being handled, or waits if there is none"
                    );
                }
                connections.evict();
            }

            evicted = false;
            if let Some(permit) = connections.acquire(EVICTION_INTERVAL).await {
                return permit;
            }
        }
    }

    async fn back_off(&mut self, error: &io::Error) {
        if self.failing.record() {
            self.backoff = Duration::ZERO;
            tracing::warn!(
                %error,
                "cannot accept connections: open ones are served, new ones wait; retrying. If too many files are open, raise \
                 the limit (ulimit -n) or lower MAX_CONNECTIONS"
            );
        }

        self.backoff = (self.backoff * 2).clamp(INITIAL_BACKOFF, MAX_BACKOFF);
        sleep(self.backoff).await;
    }

    fn log_client_limit(&mut self, limit: &ClientLimit, peer: SocketAddr) {
        if !matches!(limit, ClientLimit::Below) && self.at_client_limit.record() {
            tracing::warn!(
                client = %peer.ip().to_canonical(),
                "MAX_CONNECTIONS_PER_CLIENT reached: for each new connection of this client, the least useful one of its own \
                 is closed. If it is a proxy, name it in TRUSTED_PROXIES"
            );
        }
    }

    /// Logs what has ended.
    fn log_ends(&mut self) {
        if let Some(connections) = self.at_limit.ended() {
            tracing::info!(
                connections,
                "fewer than MAX_CONNECTIONS are open again; so many connections came meanwhile"
            );
        }
        if let Some(connections) = self.at_client_limit.ended() {
            tracing::info!(
                connections,
                "no client reaches MAX_CONNECTIONS_PER_CLIENT any more; so many connections were beyond it"
            );
        }
        if self.failing.ended().is_some() {
            tracing::info!("accepting connections again");
        }
    }
}

/// Whether only the connection that was to be accepted has failed, so that the next can be accepted at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
