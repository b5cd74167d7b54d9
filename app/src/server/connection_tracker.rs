//! All open connections: how many there may be, which are closed for others, and how all are closed at shutdown.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use openapi::{ClientAddress, TrustedProxies};
use tokio::{
    net::TcpStream,
    spawn,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep, timeout},
};

use super::{
    connection::{HttpServer, LINGER},
    connection_metrics::ConnectionMetrics,
    connection_state::ConnectionState,
    limits::ConnectionLimits,
    registry::Registry,
    shared_memory::SharedMemory,
};

/// How long aborted connections may take to end. A task ends when it waits the next time.
const ABORT_LIMIT: Duration = Duration::from_millis(250);

/// How often memory is taken back while connections hold more than they may.
const RECLAIM_INTERVAL: Duration = Duration::from_millis(5);

/// The limit counts as kept once it was not exceeded for this long; only then is the summary logged.
const RECLAIM_COOLDOWN: Duration = Duration::from_secs(1);

/// Serves connections, each in a task of its own, and knows how many are open.
pub(super) struct ConnectionTracker {
    server: Arc<HttpServer>,
    limits: ConnectionLimits,
    /// Many clients share the connections of a proxy, so these have no limit per client.
    proxies: TrustedProxies,
    permits: Arc<Semaphore>,
    registry: Arc<Registry>,
    memory: Arc<SharedMemory>,
    metrics: Arc<ConnectionMetrics>,
    /// Each connection holds a receiver while it is served; one that is only being closed no longer does. `GracefulShutdown` of hyper-util is built the same way, but it
    /// would also close a connection on which the header of a further request is arriving: to hyper, that is idle.
    shutdown: watch::Sender<()>,
}

/// Permission to have one connection open, until it is dropped.
pub(super) type ConnectionPermit = OwnedSemaphorePermit;

/// Whether a client may have one more connection.
pub(super) enum ClientLimit {
    /// It has fewer than `MAX_CONNECTIONS_PER_CLIENT`.
    Below,
    /// The least useful one of its connections was closed for the new one.
    Evicted,
    /// All of its connections are in use.
    Exceeded,
}

impl ConnectionTracker {
    /// A tracker without connections. Spawns a task that keeps them within the memory that they share.
    pub(super) fn new(
        server: HttpServer,
        limits: ConnectionLimits,
        proxies: TrustedProxies,
        metrics: ConnectionMetrics,
    ) -> Self {
        let (registry, metrics) = (Arc::default(), Arc::new(metrics));
        let memory = Arc::<SharedMemory>::default();
        // A task, so that it runs on a worker: the tasks that it aborts go into that worker's queue, as a rule before those of
        // new connections, which the accepting thread adds to the global one.
        spawn(reclaim_memory(
            Arc::clone(&memory),
            Arc::clone(&registry),
            Arc::clone(&metrics),
        ));

        Self {
            server: Arc::new(server),
            limits,
            proxies,
            permits: Arc::new(Semaphore::new(limits.total)),
            registry,
            memory,
            metrics,
            shutdown: watch::Sender::new(()),
        }
    }

    /// A permit, if fewer connections than the maximum are open.
    pub(super) fn try_acquire(&self) -> Option<ConnectionPermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Waits for a permit, at most for `limit`.
    pub(super) async fn acquire(&self, limit: Duration) -> Option<ConnectionPermit> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        timeout(limit, permit).await.ok()?.ok()
    }

    /// Closes the least useful connection. Returns whether there was one that is not in use.
    pub(super) fn evict(&self) -> bool {
        let evicted = self.registry.evict(None);
        if evicted {
            self.metrics.closed_at_total_limit();
        }

        evicted
    }

    /// Makes room for a new connection of this client within the limit per client.
    pub(super) fn limit_client(&self, peer: SocketAddr) -> ClientLimit {
        let address = ClientAddress::from(peer);
        let client = address.network();
        let has_limit = self.limits.per_client < self.limits.total && !self.proxies.contain(address.0);
        if !has_limit || self.registry.count(client) < self.limits.per_client {
            return ClientLimit::Below;
        }

        self.metrics.closed_at_client_limit();
        if self.registry.evict(Some(client)) {
            ClientLimit::Evicted
        } else {
            ClientLimit::Exceeded
        }
    }

    /// Whether a further connection can be served while the service stops.
    pub(super) fn can_drain_another(&self) -> bool {
        self.shutdown.receiver_count() < self.limits.while_draining
    }

    /// Serves a connection in the background and drops its permit when it ends.
    pub(super) fn spawn(&self, stream: TcpStream, peer: SocketAddr, permit: Option<ConnectionPermit>) {
        let (server, shutdown) = (Arc::clone(&self.server), self.shutdown.subscribe());
        let state = Arc::new(ConnectionState::new(Arc::clone(&self.memory)));
        let client = ClientAddress::from(peer).network();
        let registration = self.registry.register(client, Arc::clone(&state));
        let (id, open) = (registration.id(), ConnectionMetrics::open(&self.metrics));

        let task = spawn(async move {
            server.serve_connection(stream, peer, state, shutdown).await;
            drop((registration, open, permit));
        });
        self.registry.set_task(client, id, task.abort_handle());
    }

    /// Closes each connection as soon as it has been idle for [`LINGER`], and waits until all are closed, at
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
            self.registry.abort_all();
            // As they are dropped, requests write their lines, and their spans end.
            let _ = timeout(ABORT_LIMIT, self.shutdown.closed()).await;
        }
    }
}

/// Closes connections whenever all together hold more memory than they may.
async fn reclaim_memory(memory: Arc<SharedMemory>, registry: Arc<Registry>, metrics: Arc<ConnectionMetrics>) {
    loop {
        memory.exceeded().await;
        if !memory.is_exceeded() {
            continue;
        }
        tracing::warn!(
            "large responses that clients do not read, and large requests that they do not complete, hold too much memory: \
             the client that holds most loses the connections that have waited longest for it"
        );

        let (mut closed, mut last) = (0, Instant::now());
        while last.elapsed() < RECLAIM_COOLDOWN {
            if memory.is_exceeded() {
                last = Instant::now();
                let count = registry.reclaim(&memory);
                metrics.closed_at_memory_limit(count);
                closed += count;
            }
            sleep(RECLAIM_INTERVAL).await;
        }
        tracing::info!(
            closed,
            "connections are within their shared memory again; so many were closed meanwhile"
        );
    }
}
