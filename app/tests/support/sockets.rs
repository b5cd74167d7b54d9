//! Sockets of a service as Linux sees them, and clients that read little.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpStream},
};

use socket2::{Domain, Socket, Type};

use super::{client::Client, service::Service};

/// The server's ends of the connections to a service, also those that its process has closed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sockets {
    pub(crate) count: usize,
    /// What the system stores because clients have not read it, in bytes.
    pub(crate) unread: u64,
    /// What the system stores because the process has not read it, in bytes.
    pub(crate) unhandled: u64,
}

impl Sockets {
    pub(crate) fn of(service: &Service) -> Self {
        let port = format!(":{:04X}", service.address.port());
        let table = fs::read_to_string("/proc/net/tcp").expect("the sockets of the system");
        let number = |digits| u64::from_str_radix(digits, 16).expect("a number");
        let mut sockets = Self {
            count: 0,
            unread: 0,
            unhandled: 0,
        };

        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            let (local, state, queues) = (fields[1], fields[3], fields[4]);
            // 0A is the listening socket; 06 a connection that both ends have closed.
            if local.ends_with(&port) && !matches!(state, "0A" | "06") {
                let (unread, unhandled) = queues.split_once(':').expect("two queues");
                sockets.count += 1;
                sockets.unread += number(unread);
                sockets.unhandled += number(unhandled);
            }
        }

        sockets
    }
}

impl Client {
    /// A client whose system stores little of what it does not read.
    pub(crate) fn with_small_buffer(service: &Service) -> Self {
        Self::with_small_buffer_from(Ipv4Addr::LOCALHOST, service)
    }

    /// The same, from this address.
    pub(crate) fn with_small_buffer_from(source: Ipv4Addr, service: &Service) -> Self {
        connect_with_small_buffer(source, service.address)
            .and_then(Self::over)
            .expect("a connection")
    }
}

fn connect_with_small_buffer(source: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Otherwise each would need a local port of its own.
    if source != Ipv4Addr::LOCALHOST {
        socket.bind(&SocketAddr::from((source, 0)).into())?;
    }
    socket.set_recv_buffer_size(4096)?;
    socket.connect(&address.into())?;

    Ok(socket.into())
}
