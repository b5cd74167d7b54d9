//! The address of a syslog server.

use std::fmt;

/// A syslog server and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A host name, resolved for each connection, or an IP address.
    pub host: String,
    /// The port, usually 514.
    pub port: u16,
    /// The transport protocol.
    pub protocol: Protocol,
}

/// The transport protocol for syslog messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// One datagram per line, truncated to 2048 bytes.
    Udp,
    /// One octet-counted frame per line, truncated to 8000 bytes.
    Tcp,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        };
        write!(f, "{} port {} ({protocol})", self.host, self.port)
    }
}
