//! A receiver of octet-counted frames (RFC 6587, 3.4.1) under a test's control.

use std::{
    io::{BufReader, ErrorKind, Read},
    net::{TcpListener, TcpStream},
};

use socket2::SockRef;

use crate::support::{TIMEOUT, eventually};

/// The size of the system's receive buffer, of which Linux allocates twice: far less than the sender's queue holds.
const RECEIVE_BUFFER_SIZE: usize = 64 * 1024;

pub(crate) struct Receiver(TcpListener);

impl Receiver {
    /// Listens on a free port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        // By default, a system may buffer 32 MiB for a receiver that does not read, and the sender would never block.
        SockRef::from(&listener)
            .set_recv_buffer_size(RECEIVE_BUFFER_SIZE)
            .expect("a small buffer");
        listener.set_nonblocking(true).expect("a nonblocking listener");

        Self(listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// Waits for the next connection.
    pub(crate) fn accept(&self) -> Connection {
        let mut accepted = None;
        eventually("the sender connects", || {
            accepted = self.0.accept().ok();
            accepted.is_some()
        });

        let (stream, _) = accepted.expect("a connection");
        stream.set_nonblocking(false).expect("a blocking stream");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        Connection(BufReader::new(stream))
    }
}

/// If it is dropped with unread data, the system resets the connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// The message of the next whole frame; `None` if the sender closes before its end.
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

    /// All frames until the sender closes.
    pub(crate) fn frames(mut self) -> Vec<String> {
        std::iter::from_fn(|| self.frame()).collect()
    }

    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        match self.0.read_exact(bytes) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("timed out waiting for data"),
            Err(_) => false,
        }
    }
}
