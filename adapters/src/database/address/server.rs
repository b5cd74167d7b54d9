//! The servers of a PostgreSQL database: one, or a primary with its standbys.

use std::{fmt, net::SocketAddr, ops::Deref, str::FromStr};

use thiserror::Error;

use super::{DEFAULT_PORT, Host, ParseHostError};

/// Where a PostgreSQL server accepts connections. `Display` shows `host:port`, or the path of the Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The host.
    pub host: Host,
    /// Its port; for a Unix socket, the number in the name of the socket.
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;

        match host {
            Host::Name(name) => write!(f, "{name}:{port}"),
            Host::Ip(ip) => SocketAddr::new(*ip, *port).fmt(f),
            Host::SocketFolder(_) => write!(f, "{host}/.s.PGSQL.{port}"),
        }
    }
}

/// The servers of one database, at least one, in the order of the list. `Display` shows them with commas between.
///
/// `FromStr` reads libpq's form in a URL: `a,b:5433,[::1]:5434`, each with a port of its own or 5432.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers(Vec<Server>);

/// What is wrong with a list of servers. It repeats a value only if it is an IP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseServersError {
    /// A host.
    #[error("each host {0}")]
    Host(#[from] ParseHostError),
    /// A port.
    #[error(transparent)]
    Port(#[from] ParsePortError),
    /// Neither one port for all hosts, nor one for each.
    #[error("there are {hosts} hosts and {ports} ports; give one port for all hosts, or one for each")]
    Count {
        /// The number of hosts.
        hosts: usize,
        /// The number of ports.
        ports: usize,
    },
}

/// Not a port. The value is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the port must be a number from 1 to 65535")]
pub struct ParsePortError;

impl Servers {
    /// As libpq's parameters `host` and `port`: one port is that of all hosts, and without ports, all have 5432.
    ///
    /// # Errors
    /// If the numbers of hosts and ports do not match, or there is no host.
    pub fn new(hosts: Vec<Host>, ports: &[u16]) -> Result<Self, ParseServersError> {
        if hosts.is_empty() {
            return Err(ParseHostError::Invalid.into());
        }

        let ports = match ports {
            [] => vec![DEFAULT_PORT; hosts.len()],
            [port] => vec![*port; hosts.len()],
            ports if ports.len() == hosts.len() => ports.to_vec(),
            ports => {
                return Err(ParseServersError::Count {
                    hosts: hosts.len(),
                    ports: ports.len(),
                });
            }
        };
        let servers = hosts.into_iter().zip(ports);
        Ok(Self(servers.map(|(host, port)| Server { host, port }).collect()))
    }
}

impl Deref for Servers {
    type Target = [Server];

    fn deref(&self) -> &[Server] {
        &self.0
    }
}

impl FromStr for Servers {
    type Err = ParseServersError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let server = |text: &str| {
            let (host, port) = split_port(text)?;
            Ok(Server {
                host: host.parse()?,
                port: port.unwrap_or(DEFAULT_PORT),
            })
        };
        text.split(',').map(server).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(self.iter()))
    }
}

/// The texts with commas between.
pub(super) fn join(items: impl Iterator<Item = impl fmt::Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

/// Hosts with commas between, without ports.
///
/// # Errors
/// That of the first invalid host.
pub fn parse_hosts(text: &str) -> Result<Vec<Host>, ParseHostError> {
    text.split(',').map(str::parse).collect()
}

/// Ports with commas between.
///
/// # Errors
/// If one of them is not a number from 1 to 65535.
pub fn parse_ports(text: &str) -> Result<Vec<u16>, ParsePortError> {
    text.split(',').map(parse_port).collect()
}

/// The host of `host` or `host:port`, and the port. An IPv6 address must be in brackets.
pub(super) fn split_port(server: &str) -> Result<(&str, Option<u16>), ParseServersError> {
    let end_of_ip = server.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match server[end_of_ip..].rfind(':') {
        Some(colon) => (
            &server[..end_of_ip + colon],
            Some(&server[end_of_ip + colon + 1..]),
        ),
        None => (server, None),
    };

    // IPv6 without brackets cannot be told from a port.
    if end_of_ip == 0 && host.contains(':') {
        return Err(ParseHostError::Invalid.into());
    }
    Ok((host, port.map(parse_port).transpose()?))
}

fn parse_port(text: &str) -> Result<u16, ParsePortError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = u16::from_str(text).ok().filter(|port| is_number && *port > 0);
    port.ok_or(ParsePortError)
}
