//! `serve`: open the store, migrate, listen, serve, and stop without losing a request.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    commands::Failure,
    compose::{self, Store},
    config::Config,
    schema::not_up_to_date,
};

/// Serves until SIGTERM or SIGINT, then finishes the requests under way.
///
/// # Errors
/// When the store cannot be opened or migrated, or the address not be listened on. Nothing was served then.
pub async fn serve(config: &Config) -> Result<(), Failure> {
    // Asked for first, so that a signal during start-up stops it in order too.
    let stop = stop_signal()?;
    tracing::info!(store = ?config.database.place, "opening the store");
    let store = Store::open(&config.database).await?;
    migrate(config, &store).await?;
    let acceptor = TcpListener::bind(config.listen)
        .into_acceptor()
        .await
        .map_err(|error| Failure::Listen { address: config.listen, error })?;
    let address = acceptor.local_addr().first().and_then(|local| local.as_socket_addr().copied());
    announce(address.unwrap_or(config.listen));
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(compose::site(config, &store), stop, Some(config.shutdown))
        .await?;
    tracing::info!("stopped");
    Ok(())
}

async fn migrate(config: &Config, store: &Store) -> Result<(), Failure> {
    let Some(schema) = &store.schema else { return Ok(()) };
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

/// Ends with the first SIGTERM or SIGINT.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!("{name}: finishing the requests under way");
    })
}
