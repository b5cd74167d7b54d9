//! The command `serve`: opens the store, migrates, listens, serves, and stops without losing a request.
//!
//! `accept` takes connections from the system. `connection_tracker` keeps them within the `limits`: when all places
//! are taken, `registry` and `eviction` choose the connection that is closed for a new one. Each is served by a task
//! of its own (`connection`) and closed when it makes no progress: `tracked_io` and `connection_state` limit the time
//! of headers, responses (`sent_response`) and idle connections, `request_body` that of bodies. `shared_memory` limits
//! what they hold together. `closing` closes a connection.

mod accept;
mod connection_metrics;
mod connection_tracker;
mod episode;
mod eviction;
mod limits;
mod registry;

mod closing;
mod connection;
mod connection_state;
mod request_body;
mod sent_response;
mod shared_memory;
mod tracked_io;

mod signals;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    process::{self, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use adapters::{TokenFile, otlp::Traces};
use tokio::{spawn, sync::oneshot, task::spawn_blocking, time::sleep};

use crate::{
    commands::CommandError,
    compose::{self, Store},
    config::Config,
    migrations::{Migrated, pending_migrations},
    telemetry::{self, metrics_registry::MetricsRegistry},
    version::{REVISION, VERSION},
};
use accept::Acceptor;
use connection::HttpServer;
use connection_metrics::ConnectionMetrics;
use connection_tracker::ConnectionTracker;
use limits::ConnectionLimits;
use signals::Signals;

/// Serves until a signal stops it, then completes the requests in flight. A second signal ends the process at once,
/// with the exit code of a program that was killed by it.
///
/// # Errors
/// If the file of tokens cannot be used, the store cannot be opened or migrated, or the address cannot be listened on.
/// No request was served then.
pub async fn serve(config: &Config) -> Result<ExitCode, CommandError> {
    // First of all, so that a signal during start-up is not lost.
    let mut signals = Signals::new()?;
    let outcome = serve_until_signal(config, &mut signals).await;

    // While the rest of the log is written, which may take seconds, a further signal ends the process without it.
    spawn(async move { process::exit(signals.next().await.exit_code().into()) });
    outcome
}

async fn serve_until_signal(config: &Config, signals: &mut Signals) -> Result<ExitCode, CommandError> {
    let draining = Arc::new(AtomicBool::new(false));
    let (stop, stopped) = oneshot::channel();
    let mut service = pin!(run(config, Arc::clone(&draining), stopped));

    let signal = tokio::select! {
        served = &mut service => return served,
        signal = signals.next() => signal,
    };
    draining.store(true, Relaxed);
    tracing::info!(
        delay_seconds = config.server.shutdown_delay.as_secs(),
        timeout_seconds = config.server.shutdown_timeout.as_secs(),
        "{signal}: shutting down; /readyz and /healthcheck/ now return 503. After the delay, no connection is accepted any more and \
         the requests in flight are completed. A second signal aborts them"
    );
    let _ = stop.send(());

    tokio::select! {
        served = service => served,
        signal = signals.next() => {
            tracing::warn!("{signal} again: exiting at once, requests in flight are aborted");
            Ok(signal.exit_code().into())
        }
    }
}

async fn run(
    config: &Config,
    draining: Arc<AtomicBool>,
    mut stop: oneshot::Receiver<()>,
) -> Result<ExitCode, CommandError> {
    tracing::info!(version = VERSION, revision = REVISION, "starting");
    // Boxed, so that its memory is freed after the start. Otherwise it would be part of this future until the end.
    let (authenticator, store) = tokio::select! {
        opened = Box::pin(open(config)) => opened?,
        _ = &mut stop => {
            tracing::info!(
                "stopped before the start was complete; a migration that has begun is rolled back once its statement ends"
            );
            return Ok(ExitCode::SUCCESS);
        }
    };

    let limits = ConnectionLimits::of(config);
    let listener = accept::listen(config.server.listen).map_err(|error| CommandError::Listen {
        address: config.server.listen,
        error,
    })?;
    let address = listener.local_addr()?;
    let metrics = MetricsRegistry::new(telemetry::dropped_lines);
    let connection_metrics = ConnectionMetrics::new(&metrics.meter);
    let traces = compose::traces(config, &metrics);
    let router =
        compose::router_with_telemetry(config, &store, authenticator, draining, metrics, traces.as_ref());
    let server = HttpServer::new(router, config, address);
    let proxies = config.http.trusted_proxies.clone();
    let connections = ConnectionTracker::new(server, limits, proxies, connection_metrics);
    let mut acceptor = Acceptor::new(listener);
    announce(address);

    tokio::select! {
        () = acceptor.accept(&connections) => {}
        () = async {
            let _ = stop.await;
            sleep(config.server.shutdown_delay).await;
        } => {}
    }
    acceptor.drain_backlog(&connections)?;
    let shutdown = Instant::now();
    connections.shut_down(config.server.shutdown_timeout).await;
    if let Some(traces) = traces {
        let left = config.server.shutdown_timeout.saturating_sub(shutdown.elapsed());
        flush(traces, left).await;
    }
    tracing::info!("stopped");

    Ok(ExitCode::SUCCESS)
}

/// Sends the spans that wait, in what is left of the shutdown timeout: a second at least, and five at most, because a
/// collector that does not respond must not delay each restart. Another thread waits for it, so that a second signal
/// still ends the process at once.
async fn flush(traces: Traces, left: Duration) {
    let timeout = left.clamp(Duration::from_secs(1), Duration::from_secs(5));
    let _ = spawn_blocking(move || traces.shut_down(timeout)).await;
}

/// Reads the tokens and opens the store: all that a start may have to wait for.
async fn open(config: &Config) -> Result<(Option<Arc<TokenFile>>, Store), CommandError> {
    Ok((compose::authenticator(config).await?, open_store(config).await?))
}

/// Opens the store, and migrates it if that is configured.
async fn open_store(config: &Config) -> Result<Store, CommandError> {
    tracing::info!(store = ?config.database.url, "opening the store");
    let store = Store::open(&config.database).await?;
    migrate(config, &store).await?;

    Ok(store)
}

async fn migrate(config: &Config, store: &Store) -> Result<(), CommandError> {
    let Some(schema) = &store.schema else {
        return Ok(());
    };

    let unknown = if config.database.migrate_on_start {
        let Migrated { applied, unknown } = schema.up().await?;
        tracing::info!(applied, "the schema is up to date");
        unknown
    } else {
        let applied = schema.applied().await?;
        match applied.pending().len() {
            0 => {}
            pending => tracing::warn!("{}", pending_migrations(pending)),
        }
        applied.foreign()
    };

    if !unknown.is_empty() {
        tracing::warn!(
            migrations = unknown.join(", "),
            "the database has migrations that this version does not know; a newer version applied them, or their resource \
             was removed"
        );
    }

    Ok(())
}

/// Logs the last line of a start: the address to open in a browser.
fn announce(address: SocketAddr) {
    let reachable = local_address(address);
    tracing::info!("serving http://{reachable} with its documentation at http://{reachable}/docs");
}

/// The address at which a service that listens on `address` is reached from its own machine: an unspecified address
/// becomes loopback.
pub(crate) fn local_address(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }

    address
}
