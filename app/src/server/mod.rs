//! `serve`: open the store, migrate, listen, serve, and stop without losing a request.
//!
//! A connection is accepted (`accept`) when there is room for it (`connections`), and served by a task of its own
//! (`connection`) as long as it keeps its deadlines (`pace`, `body`) and speaks HTTP (`unreadable`).

mod accept;
mod connection;
mod connections;
mod unreadable;

mod connection_state;
mod timeout_body;

mod signals;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use tokio::{sync::oneshot, time::sleep};

use crate::{
    commands::CommandError,
    compose::{self, Store},
    config::Config,
    migrations::not_up_to_date,
};
use connection::Service;
use connections::Connections;
use signals::Signals;

/// Serves until SIGTERM or SIGINT, then finishes the requests under way. A second signal ends it at once, with the exit
/// code of a program that was killed by it.
///
/// # Errors
/// When the list of writers cannot be used, the store not be opened or migrated, or the address not be listened on.
/// Nothing was served then.
pub async fn serve(config: &Config) -> Result<ExitCode, CommandError> {
    // Asked for first, so that a signal during start-up stops it in order too.
    let mut signals = Signals::new()?;
    let draining = Arc::new(AtomicBool::new(false));
    let (stop, stopped) = oneshot::channel();
    let mut service = pin!(run(config, Arc::clone(&draining), stopped));
    let signal = tokio::select! {
        served = &mut service => return served,
        signal = signals.next() => signal,
    };
    draining.store(true, Relaxed);
    let drain_seconds = config.server.shutdown_delay.as_secs();
    tracing::info!(drain_seconds, "{signal}: finishing the requests under way");
    let _ = stop.send(());
    tokio::select! {
        served = service => served,
        signal = signals.next() => {
            tracing::warn!("{signal} again: ending at once, whatever is under way");
            Ok(signal.exit_code())
        }
    }
}

async fn run(
    config: &Config,
    draining: Arc<AtomicBool>,
    stop: oneshot::Receiver<()>,
) -> Result<ExitCode, CommandError> {
    let authenticator = compose::authenticator(config).await?;
    tracing::info!(store = ?config.database.url, "opening the store");
    let store = Store::open(&config.database).await?;
    migrate(config, &store).await?;
    accept::raise_descriptor_limit(config.server.max_connections);
    let listener = accept::listen(config.server.listen).map_err(|error| CommandError::Listen {
        address: config.server.listen,
        error,
    })?;
    let address = listener.local_addr()?;
    let site = compose::router(config, &store, authenticator, Arc::clone(&draining));
    let service = Service::new(site, config, address, draining);
    let connections = Connections::new(service, config.server.max_connections);
    announce(address);
    tokio::select! {
        () = accept::accept(&listener, &connections) => {}
        () = async {
            let _ = stop.await;
            sleep(config.server.shutdown_delay).await;
        } => {}
    }
    accept::accept_those_waiting(listener, &connections)?;
    connections.finish(config.server.shutdown_timeout).await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn migrate(config: &Config, store: &Store) -> Result<(), CommandError> {
    let Some(schema) = &store.schema else {
        return Ok(());
    };
    if config.database.migrate_on_start {
        let applied = schema.up().await?;
        tracing::info!(applied, "the schema is up to date");
        return Ok(());
    }
    match schema.pending().await? {
        0 => {}
        pending => tracing::warn!("{}", not_up_to_date(pending)),
    }
    Ok(())
}

/// The last line of a start: where to point a browser.
fn announce(address: SocketAddr) {
    let reachable = from_here(address);
    tracing::info!("serving http://{reachable} with its documentation at http://{reachable}/docs");
}

/// Where a service that listens on this address is reached from its own machine: one that listens everywhere is reached
/// on loopback.
pub(crate) fn from_here(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}
