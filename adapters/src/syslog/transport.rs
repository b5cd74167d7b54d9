//! The connection to the server: opened when there is something to send, and reopened after a failure.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    net::{SocketAddr, ToSocketAddrs},
};

use super::{
    error::SendError,
    server::{Protocol, Server},
    tcp::Tcp,
    udp::Udp,
};

pub(super) struct Transport {
    server: Server,
    connection: Option<Connection>,
    /// Counts failures, to try the addresses of the server in turn.
    attempt: usize,
}

enum Connection {
    Udp(Udp),
    Tcp(Tcp),
}

impl Transport {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            connection: None,
            attempt: 0,
        }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// Sends from the front of the batch, and removes what was sent. Returns whether the server is proven to work: the
    /// connection had carried lines before, and was still intact.
    ///
    /// # Errors
    /// If the error [would block](SendError::would_block), the server is slow; call again. After any other error the
    /// connection is closed, and the lines left in the batch were not sent. A TCP frame that was written in part is among
    /// them, to be sent whole on the next connection: its length tells the receiver to discard the part.
    pub(super) fn send(&mut self, batch: &mut VecDeque<Vec<u8>>) -> Result<bool, SendError> {
        let sent = match self.connect() {
            Ok(Connection::Udp(udp)) => udp.send(batch),
            Ok(Connection::Tcp(tcp)) => tcp.send(batch),
            Err(error) => Err(error.into()),
        };

        if sent.as_ref().is_err_and(|error| !error.would_block()) {
            self.connection = None;
            self.attempt = self.attempt.wrapping_add(1);
        }

        sent
    }

    fn connect(&mut self) -> io::Result<&mut Connection> {
        let connection = match self.connection.take() {
            // A UDP socket does not notice that its host name resolves to another address now, so the name is resolved
            // again from time to time. While that fails, the known address is used.
            Some(Connection::Udp(old)) if old.must_resolve() => {
                self.open().unwrap_or_else(|_| Connection::Udp(old.renewed()))
            }
            Some(connection) => connection,
            None => self.open()?,
        };

        Ok(self.connection.insert(connection))
    }

    fn open(&self) -> io::Result<Connection> {
        let addresses: Vec<SocketAddr> = (&*self.server.host, self.server.port)
            .to_socket_addrs()?
            .collect();
        let index = self.attempt.checked_rem(addresses.len()).unwrap_or_default();
        let Some(address) = addresses.get(index) else {
            return Err(io::Error::new(
                ErrorKind::NotFound,
                "the host name has no address",
            ));
        };

        match self.server.protocol {
            Protocol::Udp => Udp::open(*address).map(Connection::Udp),
            Protocol::Tcp => Tcp::open(&addresses).map(Connection::Tcp),
        }
    }
}
