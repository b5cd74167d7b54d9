//! What the Service sends connections to.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use crate::support::client::Client;

/// The pods that get connections.
#[derive(Clone, Default)]
pub(super) struct Endpoints {
    addresses: Arc<Mutex<Vec<SocketAddr>>>,
    next: Arc<AtomicUsize>,
}

impl Endpoints {
    pub(super) fn count(&self) -> usize {
        self.addresses().len()
    }

    pub(super) fn has(&self, address: SocketAddr) -> bool {
        self.addresses().contains(&address)
    }

    /// Connects to one of the pods, each in turn.
    pub(super) fn connect(&self) -> io::Result<Client> {
        let addresses = self.addresses().clone();
        let next = self.next.fetch_add(1, Relaxed) % addresses.len().max(1);
        let address = addresses.get(next).ok_or(io::ErrorKind::ConnectionRefused)?;

        Client::connect(*address)
    }

    pub(super) fn set(&self, address: SocketAddr, ready: bool) {
        let mut addresses = self.addresses();
        addresses.retain(|other| *other != address);
        if ready {
            addresses.push(address);
        }
    }

    fn addresses(&self) -> MutexGuard<'_, Vec<SocketAddr>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
