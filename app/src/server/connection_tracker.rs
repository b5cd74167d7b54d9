//! All open connections: how many there may be, and how they are closed at shutdown.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};

use super::connection::HttpServer;

/// How long idle connections stay open at shutdown: a request may be on its way.
const LINGER: Duration = Duration::from_millis(250);

/// Serves connections, each in a task of its own, and knows how many are open.
pub(super) struct ConnectionTracker {
    server: Arc<HttpServer>,
    permits: Arc<Semaphore>,
    /// Each connection holds a receiver while it is open. `GracefulShutdown` of hyper-util is built the same way, but it
    /// would also close a connection on which the header of a further request is arriving: to hyper, that is idle.
    shutdown: watch::Sender<()>,
}

/// Permission to have one connection open, until it is dropped.
pub(super) type ConnectionPermit = OwnedSemaphorePermit;

impl ConnectionTracker {
    /// A tracker for at most this many connections.
    pub(super) fn new(server: HttpServer, max_connections: usize) -> Self {
        Self {
            server: Arc::new(server),
            permits: Arc::new(Semaphore::new(max_connections)),
            shutdown: watch::Sender::new(()),
        }
    }

    /// A permit, if fewer connections than the maximum are open.
    pub(super) fn try_acquire(&self) -> Option<ConnectionPermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Waits for a permit.
    pub(super) async fn acquire(&self) -> ConnectionPermit {
        match Arc::clone(&self.permits).acquire_owned().await {
            Ok(permit) => permit,
            Err(_never_closed) => std::future::pending().await,
        }
    }

    /// Serves a connection in the background and drops its permit when it ends.
    pub(super) fn spawn(&self, stream: TcpStream, client: SocketAddr, permit: Option<ConnectionPermit>) {
        let (server, shutdown) = (Arc::clone(&self.server), self.shutdown.subscribe());

        tokio::spawn(async move {
            server.serve_connection(stream, client, shutdown).await;
            drop(permit);
        });
    }

    /// Closes each connection as soon as it is idle, the first ones after [`LINGER`], and waits until all are closed, at
    /// most for `limit`.
    pub(super) async fn shut_down(self, limit: Duration) {
        let all_closed = async {
            if timeout(LINGER, self.shutdown.closed()).await.is_err() {
                let _ = self.shutdown.send(());
                self.shutdown.closed().await;
            }
        };

        if timeout(limit, all_closed).await.is_err() {
            tracing::warn!(
                connections = self.shutdown.receiver_count(),
                "SHUTDOWN_TIMEOUT_SECONDS passed: aborting the requests that are still in flight"
            );
        }
    }
}
