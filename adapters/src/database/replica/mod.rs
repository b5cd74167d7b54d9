//! Reads from a standby of PostgreSQL that miss nothing which the primary has acknowledged.
//!
//! A replica is behind its primary by an unknown time. For items that never change and whose ids carry the time at
//! which they were made, two facts are enough to read from it all the same:
//!
//! - What the replica has, is stored. A hit is final.
//! - Up to the *horizon*, the replica has everything that is stored. So a miss of an id below it is final too, and so
//!   is a page that ends there.
//!
//! # The horizon
//! Once a second, the service reads the clock (T), then the primary's position in its write-ahead log, and waits until
//! the replica has replayed the log up to that position. It then has every transaction that was committed before T. The
//! position is that of insertion: with `synchronous_commit = off`, a commit is acknowledged before it is written.
//!
//! An item is committed later than its id was made: at most by the timeout of the request, after which no statement is
//! sent for it, and that of a statement, within which PostgreSQL ends what its client gave up on. The id is made by the
//! clock of another instance, which may differ by [`MAX_CLOCK_SKEW`]. So the horizon is T minus these three. A position
//! of another timeline cannot be compared: after a failover, the replica is used again once it follows the new primary.
//!
//! Only the database can commit later than that, if it received a statement in time and executes it when it is thawed
//! after standing still for longer than these three. Its client was told that the outcome is unknown. If the client
//! sends the item again with its key, and gets it, other instances may miss it until their replica has replayed the
//! commit: at most for [`MAX_HORIZON_AGE`](horizon::MAX_HORIZON_AGE), after which a horizon is no longer used.
//!
//! # Which server it is
//! A connection to the replica serves reads only if it leads to the very server process that the horizon was found on,
//! and if that has not lost anything since ([`Pin`](standby::Pin)). So a restart, or a balancer behind the name of the
//! host, cannot turn a miss into a wrong one. A server that is not in recovery is never used: it was promoted, or is
//! the primary.

mod health;
mod horizon;
mod metrics;
mod monitor;
mod primary;
mod reads;
mod standby;
mod state;

use std::{sync::Arc, time::Duration};

use domain::Clock;

pub use health::ReplicaHealthCheck;
pub use horizon::MAX_CLOCK_SKEW;
pub use metrics::observe_replica;
pub use reads::{ReplicaReads, View};

use super::{
    address::{PostgresAddress, Servers},
    connect::Options,
    resilient_pool::{Database, PoolGeneration},
};
use horizon::Margin;
use monitor::Monitor;
use state::State;

/// The maximum time that a read may take on a replica, including the connection. Then the primary is asked.
const MAX_READ_TIME: Duration = Duration::from_secs(1);

/// A replica of a database: one of several standbys, whichever is healthy. Cheap to clone. The task that watches it
/// ends with the last clone.
#[derive(Debug, Clone)]
pub struct Replica {
    database: Database,
    reads: ReplicaReads,
}

/// What a replica depends on.
pub struct ReplicaOptions {
    /// The standbys, any of which may be used.
    pub servers: Servers,
    /// The address of the primary: user, password, database and TLS are the same.
    pub address: PostgresAddress,
    /// How to connect to them. Reads get a shorter timeout than the primary has.
    pub connect: Options,
    /// The timeout of a whole request: after it, no statement is sent for an item any more.
    pub request_timeout: Duration,
    /// The clock by which this service makes ids.
    pub clock: Arc<dyn Clock>,
}

impl Replica {
    /// Starts to watch the standbys of `primary`, on the current runtime. Waits for nothing: reads use the primary
    /// until a standby is found.
    pub fn start(primary: Database, options: ReplicaOptions) -> Self {
        let ReplicaOptions {
            servers,
            address,
            connect,
            request_timeout,
            clock,
        } = options;
        let max_read_time = MAX_READ_TIME.min(connect.statement_timeout / 2);
        let replica_options = Options {
            acquire_timeout: max_read_time,
            statement_timeout: max_read_time,
            ..connect
        };

        let database = Database::new(
            PoolGeneration::new(standby::unconnected(replica_options), None),
            connect.application_name,
            max_read_time,
        );
        let state = Arc::<State>::default();
        let monitor = Monitor {
            primary,
            replica: database.clone(),
            servers,
            address,
            options: replica_options,
            clock,
            margin: Margin::new(request_timeout, connect.statement_timeout),
            state: Arc::clone(&state),
        };

        Self {
            database,
            reads: ReplicaReads::watched(state, tokio::spawn(monitor.run())),
        }
    }

    /// The replica as a database. It must be read only through [`reads`](Self::reads), which says what a result means.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether to ask the replica, and what its results mean.
    pub fn reads(&self) -> &ReplicaReads {
        &self.reads
    }
}
