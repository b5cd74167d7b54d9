//! How many connections may be open: what is configured, within what the system allows.

use std::fs;

use rustix::{
    fs::OFlags,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

use super::accept::BACKLOG;
use crate::config::Config;

/// File descriptors for everything but clients and the database: the log, the listener and one accepted connection,
/// epoll and signals, the token file, the files of `/proc` that metrics are read from, syslog, name resolution. A running
/// service uses about half of them.
const RESERVED: u64 = 32;

/// A connection to SQLite has three files open: the database, its log and its index. One to PostgreSQL has one socket,
/// and a second one while a lost pool is replaced.
const RESERVED_PER_DATABASE_CONNECTION: u64 = 3;

/// The limits in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    /// Open connections.
    pub(super) total: usize,
    /// Open connections of one client.
    pub(super) per_client: usize,
    /// Open connections, if at shutdown those that wait in the system's queue are served besides.
    pub(super) while_draining: usize,
}

impl ConnectionLimits {
    /// Raises the limit of open files as far as necessary and allowed, and returns what it leaves to clients. Many systems
    /// start programs with a limit of 1,024 and let them raise it.
    ///
    /// The reserve is never used for clients: without it, a flood of connections would keep the service from reading its
    /// token file, so that a withdrawn token would stay valid, and from connecting to its database.
    pub(super) fn of(config: &Config) -> Self {
        let wanted = config.server.max_connections;
        let pools = if config.database.replicas.is_some() { 2 } else { 1 };
        let database = pools * u64::from(config.database.max_connections);
        let reserve = RESERVED + RESERVED_PER_DATABASE_CONNECTION * database + inherited_files();
        let open_files = raise_open_files(reserve + wanted as u64 + u64::from(BACKLOG));

        let available = usize::try_from(open_files.saturating_sub(reserve)).unwrap_or(usize::MAX);
        let total = wanted.min(available).max(1);
        let per_client = config.server.max_connections_per_client;
        let per_client = per_client.unwrap_or(total.div_ceil(2));

        if total < wanted {
            tracing::warn!(
                max_connections = total,
                open_files,
                reserve,
                "the limit of open files allows fewer than MAX_CONNECTIONS ({wanted}) connections; raise it (ulimit -n) or \
                 lower MAX_CONNECTIONS"
            );
        }
        tracing::info!(
            max_connections = total,
            max_connections_per_client = per_client,
            open_files,
            reserve,
            "the limits of connections; the reserve is the number of files that connections never use"
        );

        Self {
            total,
            per_client,
            while_draining: available.max(1),
        }
    }
}

/// How many files this process got from the one that started it, besides the standard streams: those that are not closed
/// when another program is executed, as all are that this one opens. Without `/proc`, as on macOS, none is known.
fn inherited_files() -> u64 {
    let stays_open = |info: &str| {
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let flags = u32::from_str_radix(flags.trim(), 8).ok()?;
        Some(!OFlags::from_bits_retain(flags).contains(OFlags::CLOEXEC))
    };

    let files = fs::read_dir("/proc/self/fdinfo").into_iter().flatten().flatten();
    let inherited = files
        .filter(|file| !matches!(file.file_name().to_str(), Some("0" | "1" | "2")))
        .filter_map(|file| fs::read_to_string(file.path()).ok())
        .filter(|info| stays_open(info) == Some(true));
    inherited.count() as u64
}

/// Raises the limit of open files to this number, or as far as it is allowed. Returns the limit that is then in force.
fn raise_open_files(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if current >= allowed {
        return current;
    }

    let raised = Rlimit {
        current: Some(allowed),
        ..limit
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => allowed,
        Err(error) => {
            tracing::warn!(%error, wanted, "cannot raise the limit of open files; raise it from outside (ulimit -n)");
            current
        }
    }
}
