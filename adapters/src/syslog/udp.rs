use std::{
    collections::VecDeque,
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use super::transport::Broken;

/// How long an address is used before its name is looked up again.
const OLD: Duration = Duration::from_secs(60);

/// How long one call may wait for the system's own buffer.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// A socket for one address, so that the system reports what the host there says to our datagrams.
pub(super) struct Udp {
    socket: UdpSocket,
    opened: Instant,
    used: bool,
}

impl Udp {
    pub(super) fn open(server: SocketAddr) -> std::io::Result<Self> {
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(server)?;
        socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
        Ok(Self {
            socket,
            opened: Instant::now(),
            used: false,
        })
    }

    pub(super) fn is_old(&self) -> bool {
        self.opened.elapsed() > OLD
    }

    pub(super) fn renewed(self) -> Self {
        Self {
            opened: Instant::now(),
            ..self
        }
    }

    pub(super) fn send(&mut self, batch: &mut VecDeque<Vec<u8>>) -> Result<bool, Broken> {
        let was_used = self.used;
        while let Some(datagram) = batch.front() {
            match self.socket.send(datagram) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // This one was not sent: the system reports what became of an earlier one.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    return Err(Broken {
                        error,
                        lost: usize::from(self.used),
                    });
                }
                Err(error) => return Err(error.into()),
            }
            // A host nearby has refused by now; then the datagram stays in the batch.
            if let Some(refused) = self.socket.take_error()? {
                return Err(refused.into());
            }
            self.used = true;
            batch.pop_front();
        }
        Ok(was_used)
    }
}
