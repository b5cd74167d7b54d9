//! The server: the socket, the threads and the connections.

use std::{
    net::SocketAddr,
    num::{NonZeroU8, NonZeroUsize},
    thread,
    time::Duration,
};

use super::{
    reader::Reader,
    variable::{COUNT, SECONDS, Section, Variable},
};

pub(super) const SECTION: Section = Section {
    title: "Server",
    variables: &[
        Variable::new(
            "LISTEN_ADDR",
            "The address on which the service accepts HTTP connections. The container image sets `0.0.0.0:80`.",
        )
        .default("127.0.0.1:8000")
        .expected("an IP address and a port, such as `127.0.0.1:8000`"),
        Variable::new(
            "WORKER_THREADS",
            "The number of threads that process requests. If not set, one per CPU core.",
        )
        .expected("a whole number from 1 to 255"),
        Variable::new(
            "MAX_CONNECTIONS",
            "The maximum number of open connections. A further one takes the place of one on which no request is handled: \
             first of those that never sent a byte, then of those with an incomplete request, then of idle ones, then of \
             those whose client does not read its response. The limit of open files (`ulimit -n`) may allow fewer; the start of the log says how many.",
        )
        .default("10000")
        .expected(COUNT),
        Variable::new(
            "MAX_CONNECTIONS_PER_CLIENT",
            "The maximum number of open connections from one IP address (IPv6: from one /64 network). A further one takes \
             the place of one of them, or is closed if all are in use. Peers in `TRUSTED_PROXIES` have no such limit. If \
             not set: half of `MAX_CONNECTIONS`.",
        )
        .expected(COUNT),
        Variable::new(
            "HEADER_READ_TIMEOUT_SECONDS",
            "How long a client may take to send the header of a request.",
        )
        .default("10")
        .expected(SECONDS),
        Variable::new(
            "BODY_READ_TIMEOUT_SECONDS",
            "How long a client may take to send the body of a request. After that it gets a 408.",
        )
        .default("10")
        .expected(SECONDS),
        Variable::new(
            "IDLE_TIMEOUT_SECONDS",
            "How long a connection may make no progress: no next request, or a response that the client does not read. \
             After that it is closed. A response may take that long in total, and a second more for each 8 KiB of it.",
        )
        .default("75")
        .expected(SECONDS),
        Variable::new(
            "SHUTDOWN_DELAY_SECONDS",
            "How long to keep serving after a signal such as SIGTERM while `/readyz` and `/healthcheck/` already return 503, so \
             that load balancers stop sending requests.",
        )
        .default("0")
        .expected("a whole number of seconds from 0 to 3600"),
        Variable::new(
            "SHUTDOWN_TIMEOUT_SECONDS",
            "How long requests in flight may take to finish after that delay.",
        )
        .default("10")
        .expected(SECONDS),
    ],
};

/// The socket, the threads and the connections.
#[derive(Debug)]
pub struct ServerConfig {
    /// `LISTEN_ADDR`
    pub listen: SocketAddr,
    /// `WORKER_THREADS`
    pub worker_threads: NonZeroUsize,
    /// `MAX_CONNECTIONS`
    pub max_connections: usize,
    /// `MAX_CONNECTIONS_PER_CLIENT`; half of the limit in force if it is not set.
    pub max_connections_per_client: Option<usize>,
    /// `HEADER_READ_TIMEOUT_SECONDS`
    pub header_read_timeout: Duration,
    /// `BODY_READ_TIMEOUT_SECONDS`
    pub body_read_timeout: Duration,
    /// `IDLE_TIMEOUT_SECONDS`
    pub idle_timeout: Duration,
    /// `SHUTDOWN_DELAY_SECONDS`
    pub shutdown_delay: Duration,
    /// `SHUTDOWN_TIMEOUT_SECONDS`
    pub shutdown_timeout: Duration,
}

impl ServerConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.parse("LISTEN_ADDR");
        let worker_threads = reader.optional::<NonZeroU8>("WORKER_THREADS");
        let max_connections = reader.number("MAX_CONNECTIONS", 1..=1_000_000);
        let max_connections_per_client = if reader.is_set("MAX_CONNECTIONS_PER_CLIENT") {
            reader
                .number("MAX_CONNECTIONS_PER_CLIENT", 1..=1_000_000)
                .map(Some)
        } else {
            Some(None)
        };

        let header_read_timeout = reader.seconds("HEADER_READ_TIMEOUT_SECONDS", 1..=3600);
        let body_read_timeout = reader.seconds("BODY_READ_TIMEOUT_SECONDS", 1..=3600);
        let idle_timeout = reader.seconds("IDLE_TIMEOUT_SECONDS", 1..=3600);
        let shutdown_delay = reader.seconds("SHUTDOWN_DELAY_SECONDS", 0..=3600);
        let shutdown_timeout = reader.seconds("SHUTDOWN_TIMEOUT_SECONDS", 1..=3600);

        Some(Self {
            listen: listen?,
            worker_threads: worker_threads?.map_or_else(cores, NonZeroUsize::from),
            max_connections: usize::try_from(max_connections?).ok()?,
            max_connections_per_client: max_connections_per_client?.and_then(|limit| limit.try_into().ok()),
            header_read_timeout: header_read_timeout?,
            body_read_timeout: body_read_timeout?,
            idle_timeout: idle_timeout?,
            shutdown_delay: shutdown_delay?,
            shutdown_timeout: shutdown_timeout?,
        })
    }
}

fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
