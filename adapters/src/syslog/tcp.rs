//! Octet-counted frames over a TCP connection (RFC 6587).

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use socket2::SockRef;

use super::error::SendError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one write waits for a slow server, before the worker checks whether it must shut down.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a server may acknowledge no data before the connection is closed. The system's default is 15 minutes.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(30);

/// The size of the system's send buffer, of which Linux allocates twice. Small, because what it holds is lost when the
/// server vanishes.
const SEND_BUFFER_SIZE: usize = 64 * 1024;

pub(super) struct Tcp {
    stream: TcpStream,
    /// How many bytes of the batch's first frame were written by an earlier call.
    written: usize,
    /// Whether any bytes were written to this connection.
    used: bool,
}

impl Tcp {
    /// Connects to the first address that accepts.
    pub(super) fn open(addresses: &[SocketAddr]) -> io::Result<Self> {
        let mut connected = Err(ErrorKind::NotFound.into());
        for address in addresses {
            connected = TcpStream::connect_timeout(address, CONNECT_TIMEOUT);
            if connected.is_ok() {
                break;
            }
        }

        let stream = connected?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let socket = SockRef::from(&stream);
        socket.set_send_buffer_size(SEND_BUFFER_SIZE)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_TIMEOUT))?;

        Ok(Self {
            stream,
            written: 0,
            used: false,
        })
    }

    /// Writes frames from the front of the batch, and removes those written whole. Returns whether the connection had
    /// been used before and was still open.
    pub(super) fn send(&mut self, batch: &mut VecDeque<Vec<u8>>) -> Result<bool, SendError> {
        self.check_open()?;
        let was_used = self.used;

        while !batch.is_empty() {
            let mut frames: Vec<IoSlice<'_>> = batch.iter().map(|frame| IoSlice::new(frame)).collect();
            let mut unwritten = &mut *frames;
            IoSlice::advance_slices(&mut unwritten, self.written);

            match self.stream.write_vectored(unwritten) {
                Ok(bytes) => self.remove_written(bytes, batch),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }

        Ok(was_used)
    }

    fn remove_written(&mut self, bytes: usize, batch: &mut VecDeque<Vec<u8>>) {
        self.used = true;
        self.written += bytes;

        while let Some(frame) = batch.front().filter(|frame| frame.len() <= self.written) {
            self.written -= frame.len();
            batch.pop_front();
        }
    }

    /// Fails if the server has closed or reset the connection. A write would not notice: the first one after the server
    /// closed succeeds, and its lines are lost.
    fn check_open(&mut self) -> io::Result<()> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }

        self.stream.set_nonblocking(true)?;
        let read = self.stream.read(&mut [0; 256]);
        self.stream.set_nonblocking(false)?;

        match read {
            Ok(0) => Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the server closed the connection",
            )),
            // Syslog has no responses: whatever the server sends is discarded.
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
