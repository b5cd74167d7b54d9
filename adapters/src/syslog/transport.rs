//! The way to the server: made when there is something to send, made anew when it broke.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    net::{SocketAddr, ToSocketAddrs},
};

use super::{Protocol, Server, tcp::Tcp, udp::Udp};

/// What came between us and the server.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) error: io::Error,
    /// Lines that had been taken from the batch and did not arrive.
    pub(super) lost: usize,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self { error, lost: 0 }
    }
}

pub(super) struct Transport {
    server: Server,
    connection: Option<Connection>,
    /// Which of several addresses to speak to.
    turn: usize,
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
            turn: 0,
        }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// Sends from the front of the batch and takes out what was sent. Answers whether the server was well when this
    /// began, which is known of a connection that took lines before and did not break of it.
    ///
    /// # Errors
    /// `WouldBlock` when the server is slow; call again. After any other the connection is closed, and what is left in
    /// the batch was not sent; a TCP frame that was sent in part is left, and goes out whole on the next connection,
    /// because its length tells the receiver to discard the part.
    pub(super) fn send(&mut self, batch: &mut VecDeque<Vec<u8>>) -> Result<bool, Broken> {
        let outcome = self
            .connect()
            .map_err(Broken::from)
            .and_then(|connection| match connection {
                Connection::Udp(udp) => udp.send(batch),
                Connection::Tcp(tcp) => tcp.send(batch),
            });
        if outcome
            .as_ref()
            .is_err_and(|broken| broken.error.kind() != ErrorKind::WouldBlock)
        {
            self.connection = None;
            self.turn = self.turn.wrapping_add(1);
        }
        outcome
    }

    fn connect(&mut self) -> io::Result<&mut Connection> {
        let connection = match self.connection.take() {
            // Nothing breaks when a name begins to mean another host, so it is looked up from time to time; while that
            // fails, the host known so far will do.
            Some(Connection::Udp(old)) if old.is_old() => {
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
        let Some(address) = addresses.get(self.turn.checked_rem(addresses.len()).unwrap_or_default()) else {
            return Err(io::Error::new(ErrorKind::NotFound, "the name has no address"));
        };
        match self.server.protocol {
            Protocol::Udp => Udp::open(*address).map(Connection::Udp),
            Protocol::Tcp => Tcp::open(&addresses).map(Connection::Tcp),
        }
    }
}
