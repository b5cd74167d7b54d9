//! An HTTP client that sends exactly the bytes of the test.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
};

use socket2::{Domain, Socket, Type};

use super::{
    example,
    response::gunzip,
    service::{Service, TIMEOUT},
};

/// A connection, which is open until this is dropped.
pub(crate) struct Client(BufReader<TcpStream>);

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Status line and header fields, in lower case.
    pub(crate) head: String,
    /// After decompression.
    pub(crate) body: String,
}

impl Response {
    /// The value of a header field, whose name is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Whether the service closes the connection afterwards.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

impl Client {
    pub(crate) fn of(service: &Service) -> Self {
        Self::connect(service.address).expect("a connection")
    }

    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect(address)?)
    }

    /// Connects from this address. All of 127.0.0.0/8 belong to the machine.
    pub(crate) fn connect_from(source: Ipv4Addr, address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect_timeout(&address.into(), TIMEOUT)?;

        Self::over(socket.into())
    }

    pub(super) fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;

        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Reads the next response.
    ///
    /// # Errors
    /// `UnexpectedEof` when the service closes the connection instead.
    pub(crate) fn response(&mut self) -> io::Result<Response> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                let message = format!("closed after {head:?}");
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
        }

        let head = head.to_ascii_lowercase();
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<usize>().ok());
        let status = number(head.split(' ').nth(1)).ok_or(io::ErrorKind::InvalidData)?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let body = match number(length) {
            _ if status == 304 => Vec::new(),
            None if head.contains("\r\ntransfer-encoding: chunked") => self.chunks()?,
            length => self.bytes(length.ok_or(io::ErrorKind::InvalidData)?)?,
        };

        let is_gzip = head.contains("\r\ncontent-encoding: gzip") && !body.is_empty();
        let body = if is_gzip {
            gunzip(&body)
        } else {
            String::from_utf8(body).map_err(io::Error::other)?
        };

        Ok(Response {
            status: status as u16,
            head,
            body,
        })
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a body in chunks. Varnish does not know the length of what it decompresses.
    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut size = String::new();
            self.0.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;

            let chunk = self.bytes(size + "\r\n".len())?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Response> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
        self.response()
    }

    /// Creates an item with this text.
    pub(crate) fn post(&mut self, text: &str) -> io::Result<Response> {
        let body = example::body(text);
        self.send(post_head(body.len()).as_bytes())?;
        self.send(body.as_bytes())?;
        self.response()
    }

    /// Waits until the service closes the connection, and checks that it sends nothing before.
    pub(crate) fn wait_until_closed(&mut self) {
        let mut rest = Vec::new();

        if let Err(error) = self.0.read_to_end(&mut rest) {
            assert_eq!(
                error.kind(),
                io::ErrorKind::ConnectionReset,
                "the connection is still open"
            );
        }

        assert_eq!(String::from_utf8_lossy(&rest), "", "nothing follows");
    }
}

/// Sends a request with a JSON body, over a connection of its own.
pub(crate) fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<Response> {
    let mut client = Client::connect(address)?;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close");
    let head = format!("{head}\r\nContent-Type: application/json\r\nContent-Length: {length}");

    client.send(format!("{head}\r\n\r\n{body}").as_bytes())?;
    client.response()
}

/// The header of a request that creates an item, with a body of this length.
pub(crate) fn post_head(length: usize) -> String {
    let path = example::COLLECTION;
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json");

    format!("{head}\r\nContent-Length: {length}\r\n\r\n")
}
