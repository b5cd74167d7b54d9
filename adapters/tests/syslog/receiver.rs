//! A receiver of octet-counted frames (RFC 6587, 3.4.1) that does only what a test tells it.

use std::{
    io::{BufReader, ErrorKind, Read},
    net::{TcpListener, TcpStream},
};

use socket2::SockRef;

use crate::support::{PATIENCE, eventually};

/// What the system may hold of a connection that is not read, as asked for; Linux doubles it. Far less than a queue.
const HELD: usize = 64 * 1024;

pub(crate) struct Receiver(TcpListener);

impl Receiver {
    /// On a free port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        // Left alone, a system may hold 32 MiB for who does not read, and a sender would never notice.
        SockRef::from(&listener)
            .set_recv_buffer_size(HELD)
            .expect("a small buffer");
        listener
            .set_nonblocking(true)
            .expect("a listener that does not wait");
        Self(listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// The next connection.
    pub(crate) fn accept(&self) -> Connection {
        let mut accepted = None;
        eventually("somebody connects", || {
            accepted = self.0.accept().ok();
            accepted.is_some()
        });
        let (stream, _) = accepted.expect("a connection");
        stream.set_nonblocking(false).expect("a stream that waits");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Connection(BufReader::new(stream))
    }
}

/// What is not read when this is dropped makes the system reset the connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// The next whole frame's message, if there is one before the other side closes.
    pub(crate) fn frame(&mut self) -> Option<String> {
        let mut length = 0;
        loop {
            let mut byte = [0];
            if !self.fill(&mut byte) {
                return None;
            }
            match byte[0] {
                b' ' => break,
                digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
                other => panic!("a frame begins with {:?}", char::from(other)),
            }
        }
        let mut message = vec![0; length];
        self.fill(&mut message)
            .then(|| String::from_utf8(message).expect("UTF-8"))
    }

    /// All frames until the other side closes.
    pub(crate) fn frames(mut self) -> Vec<String> {
        std::iter::from_fn(|| self.frame()).collect()
    }

    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        match self.0.read_exact(bytes) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing comes any more"),
            Err(_) => false,
        }
    }
}
