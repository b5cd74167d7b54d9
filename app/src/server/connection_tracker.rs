//! All connections: how many there may be, and how they end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};

use super::connection::Service;

/// All connections that are open.
pub(super) struct Connections {
    service: Arc<Service>,
    room: Arc<Semaphore>,
    /// Each connection holds a receiver while it is open.
    closing: watch::Sender<()>,
}

/// Leave to have one connection open.
pub(super) type Room = OwnedSemaphorePermit;

impl Connections {
    pub(super) fn new(service: Service, limit: usize) -> Self {
        Self {
            service: Arc::new(service),
            room: Arc::new(Semaphore::new(limit)),
            closing: watch::Sender::new(()),
        }
    }

    /// Room for one more, if there is any now.
    pub(super) fn room(&self) -> Option<Room> {
        Arc::clone(&self.room).try_acquire_owned().ok()
    }

    /// Room for one more, as soon as there is.
    pub(super) async fn room_in_time(&self) -> Room {
        match Arc::clone(&self.room).acquire_owned().await {
            Ok(room) => room,
            Err(_never_closed) => std::future::pending().await,
        }
    }

    /// Serves a connection, in the background. Its room is free again when it ends.
    pub(super) fn serve(&self, stream: TcpStream, client: SocketAddr, room: Option<Room>) {
        let (service, closing) = (Arc::clone(&self.service), self.closing.subscribe());
        tokio::spawn(async move {
            service.serve(stream, client, closing).await;
            drop(room);
        });
    }

    /// Closes every connection once its request is answered, and gives up on those that are not closed in time.
    pub(super) async fn finish(self, within: Duration) {
        let _ = self.closing.send(());
        if timeout(within, self.closing.closed()).await.is_err() {
            let connections = self.closing.receiver_count();
            tracing::warn!(
                connections,
                "SHUTDOWN_TIMEOUT_SECONDS are over: giving up on the requests under way"
            );
        }
    }
}
