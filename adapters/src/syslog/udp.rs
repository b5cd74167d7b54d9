//! One datagram per line over UDP (RFC 5426).

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use super::error::SendError;

/// How long an address is used before the host name is resolved again.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(60);

/// How long one call waits for space in the system's send buffer.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// A socket connected to one address, so that the system reports ICMP errors of that host.
pub(super) struct Udp {
    socket: UdpSocket,
    resolved: Instant,
    /// Whether a datagram was sent from this socket.
    used: bool,
}

impl Udp {
    pub(super) fn open(server: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(server)?;
        socket.set_write_timeout(Some(WRITE_TIMEOUT))?;

        Ok(Self {
            socket,
            resolved: Instant::now(),
            used: false,
        })
    }

    /// Whether the host name must be resolved again.
    pub(super) fn must_resolve(&self) -> bool {
        self.resolved.elapsed() > RESOLVE_INTERVAL
    }

    /// The same socket, to be used for another [`RESOLVE_INTERVAL`].
    pub(super) fn renewed(self) -> Self {
        Self {
            resolved: Instant::now(),
            ..self
        }
    }

    /// Sends datagrams from the front of the batch, and removes those sent. Returns whether the socket had been used
    /// before without an error since.
    pub(super) fn send(&mut self, batch: &mut VecDeque<Vec<u8>>) -> Result<bool, SendError> {
        let was_used = self.used;

        while let Some(datagram) = batch.front() {
            match self.socket.send(datagram) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // The system reports that an earlier datagram was refused. This one was not sent.
                Err(source) if source.kind() == ErrorKind::ConnectionRefused => {
                    let lost = usize::from(self.used);
                    return Err(SendError { source, lost });
                }
                Err(error) => return Err(error.into()),
            }

            // A host nearby has refused this datagram by now. It stays in the batch.
            if let Some(refused) = self.socket.take_error()? {
                return Err(refused.into());
            }

            self.used = true;
            batch.pop_front();
        }

        Ok(was_used)
    }
}
