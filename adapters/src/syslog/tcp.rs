use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use socket2::SockRef;

use super::transport::Broken;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one call may wait for a slow server.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a server may acknowledge nothing, or read nothing, before the connection is given up; the system would wait
/// for 15 minutes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the system is asked to hold for a server at most, because it is lost when the server vanishes.
const SEND_BUFFER: usize = 64 * 1024;

/// What it does hold then: Linux doubles the figure.
const HELD: usize = 2 * SEND_BUFFER;

/// Longer than a reset takes to come back from a server worth logging to.
const ROUND_TRIP: Duration = Duration::from_millis(100);

pub(super) struct Tcp {
    stream: TcpStream,
    /// How much of the batch's first frame the system has taken.
    taken: usize,
    /// What it took last, and may still hold.
    writes: VecDeque<Taken>,
}

struct Taken {
    at: Instant,
    bytes: usize,
    lines: usize,
}

impl Tcp {
    pub(super) fn open(addresses: &[SocketAddr]) -> io::Result<Self> {
        let mut outcome = Err(ErrorKind::NotFound.into());
        for address in addresses {
            outcome = TcpStream::connect_timeout(address, CONNECT_TIMEOUT);
            if outcome.is_ok() {
                break;
            }
        }
        let stream = outcome?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let socket = SockRef::from(&stream);
        socket.set_send_buffer_size(SEND_BUFFER)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            taken: 0,
            writes: VecDeque::new(),
        })
    }

    pub(super) fn send(&mut self, batch: &mut VecDeque<Vec<u8>>) -> Result<bool, Broken> {
        self.check().map_err(|error| self.broken(error))?;
        let took_before = !self.writes.is_empty();
        while !batch.is_empty() {
            let mut frames: Vec<IoSlice<'_>> = batch.iter().map(|frame| IoSlice::new(frame)).collect();
            let mut frames = &mut *frames;
            IoSlice::advance_slices(&mut frames, self.taken);
            match self.stream.write_vectored(frames) {
                Ok(bytes) => self.took(bytes, batch),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
        Ok(took_before)
    }

    fn took(&mut self, bytes: usize, batch: &mut VecDeque<Vec<u8>>) {
        self.taken += bytes;
        let mut lines = 0;
        while let Some(frame) = batch.front().filter(|frame| frame.len() <= self.taken) {
            self.taken -= frame.len();
            lines += 1;
            batch.pop_front();
        }
        let at = Instant::now();
        self.writes.push_back(Taken { at, bytes, lines });
        let mut held: usize = self.writes.iter().map(|write| write.bytes).sum();
        while let Some(oldest) = self.writes.front()
            && self.writes.len() > 1
            && (held - oldest.bytes >= HELD || at - oldest.at > PATIENCE)
        {
            held -= oldest.bytes;
            self.writes.pop_front();
        }
    }

    /// Whether the server is still there. A write would not tell: the first one after the server closed succeeds.
    fn check(&mut self) -> io::Result<()> {
        if let Some(reset) = self.stream.take_error()? {
            return Err(reset);
        }
        self.stream.set_nonblocking(true)?;
        let read = self.stream.read(&mut [0; 256]);
        self.stream.set_nonblocking(false)?;
        match read {
            Ok(0) => {
                // If the last write came too late to be read, a reset is on its way.
                thread::sleep(ROUND_TRIP);
                let reset = self.stream.take_error()?;
                Err(reset
                    .unwrap_or_else(|| io::Error::new(ErrorKind::UnexpectedEof, "it closed the connection")))
            }
            // There is nothing that a syslog server could have to say.
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How many lines the system took, but the server did not.
    fn broken(&self, error: io::Error) -> Broken {
        let lost = match error.kind() {
            ErrorKind::WouldBlock => 0,
            // Who closes before having read everything resets the connection, so everything was read.
            ErrorKind::UnexpectedEof => 0,
            // The last write drew the reset, or was there unread.
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                self.writes.back().map_or(0, |write| write.lines)
            }
            // The server was silent too long: it has nothing of what the system held for it.
            _ => self.writes.iter().map(|write| write.lines).sum(),
        };
        Broken { error, lost }
    }
}
