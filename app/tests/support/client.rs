//! An HTTP client whose every byte the test decides on.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use crate::support::{PATIENCE, Running};

/// A connection that is kept open.
pub(crate) struct Client(BufReader<TcpStream>);

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Whether the service closes the connection after it.
    pub(crate) fn closes(&self) -> bool {
        self.head.contains("\r\nconnection: close\r\n")
    }
}

impl Client {
    /// A connection to a service that is there.
    pub(crate) fn of(service: &Running) -> Self {
        Self::connect(service.address).expect("a connection")
    }

    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// The next answer; `UnexpectedEof` when the connection is closed instead.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!("closed after {head:?}"),
                ));
            }
        }
        let head = head.to_ascii_lowercase();
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok());
        let status = number(head.split(' ').nth(1)).ok_or(io::ErrorKind::InvalidData)?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = number(length).ok_or(io::ErrorKind::InvalidData)?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let body = String::from_utf8(body).map_err(io::Error::other)?;
        Ok(Answer {
            status: status as u16,
            head,
            body,
        })
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
        self.answer()
    }

    pub(crate) fn post(&mut self, text: &str) -> io::Result<Answer> {
        self.send(post_head(text.len() + 11).as_bytes())?;
        self.send(format!("{{\"text\":\"{text}\"}}").as_bytes())?;
        self.answer()
    }

    /// Waits until the service closes the connection.
    pub(crate) fn wait_for_the_end(&mut self) {
        let mut rest = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut rest) {
            assert_eq!(
                error.kind(),
                io::ErrorKind::ConnectionReset,
                "the connection is still open"
            );
        }
        assert_eq!(String::from_utf8_lossy(&rest), "", "nothing more is said");
    }
}

/// The header of a request to create a tweet, with a body of this length.
pub(crate) fn post_head(length: usize) -> String {
    let head = "POST /tweet/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    format!("{head}\r\nContent-Length: {length}\r\n\r\n")
}
