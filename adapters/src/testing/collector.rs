//! A collector that receives spans over OTLP/HTTP, and behaves as a test needs.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;

use super::received_span::{self, ReceivedSpan};

/// How long a test waits for spans. Only a failing test reaches it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How the collector responds to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It accepts the spans.
    Accept,
    /// It says that it rejects this many of them.
    Reject(i64),
    /// It responds with this status, and with `Retry-After: 0`.
    Refuse(u16),
    /// It responds with a 503 that asks to wait for longer than any number of seconds.
    Postpone,
    /// It reads the request and never responds.
    Hang,
}

/// Listens on a free port of this machine until the process ends.
#[derive(Clone)]
pub struct Collector {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    received: Mutex<Received>,
    changed: Condvar,
}

struct Received {
    behaviour: Behaviour,
    spans: Vec<ReceivedSpan>,
    /// The header of each request, in lower case.
    requests: Vec<String>,
}

impl Collector {
    /// Starts it. Every request is handled by a thread of its own.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let collector = Self {
            address: listener.local_addr().expect("an address"),
            state: Arc::new(State {
                received: Mutex::new(Received {
                    behaviour: Behaviour::Accept,
                    spans: Vec::new(),
                    requests: Vec::new(),
                }),
                changed: Condvar::new(),
            }),
        };

        let this = collector.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let this = this.clone();
                thread::spawn(move || while this.serve(&mut BufReader::new(&stream), &stream).is_some() {});
            }
        });
        collector
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value of `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How it responds from now on.
    pub fn set(&self, behaviour: Behaviour) {
        self.lock().behaviour = behaviour;
    }

    /// The headers of the requests so far, in lower case.
    pub fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    /// The spans that it accepted so far.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        self.lock().spans.clone()
    }

    /// Waits until it accepted a span of this name, and returns the first one.
    ///
    /// # Panics
    /// If that takes more than a minute.
    pub fn wait_for_span(&self, name: &str) -> ReceivedSpan {
        self.wait_for_spans(name, 1).remove(0)
    }

    /// Waits until it accepted this many spans of this name, and returns them.
    ///
    /// # Panics
    /// If that takes more than a minute.
    pub fn wait_for_spans(&self, name: &str, count: usize) -> Vec<ReceivedSpan> {
        let of_name = |received: &Received| {
            let spans = received.spans.iter().filter(|span| span.name == name);
            let spans: Vec<_> = spans.cloned().collect();
            (spans.len() >= count).then_some(spans)
        };
        self.wait_for(&format!("{count} spans {name:?}"), of_name)
    }

    /// Waits until it got this many requests, accepted or not.
    ///
    /// # Panics
    /// If that takes more than a minute.
    pub fn wait_for_requests(&self, count: usize) {
        let are_there = |received: &Received| (received.requests.len() >= count).then_some(());
        self.wait_for(&format!("{count} requests"), are_there);
    }

    fn wait_for<T>(&self, what: &str, find: impl Fn(&Received) -> Option<T>) -> T {
        let is_missing = |received: &mut Received| find(received).is_none();
        let (received, _) = self
            .state
            .changed
            .wait_timeout_while(self.lock(), TIMEOUT, is_missing)
            .unwrap_or_else(PoisonError::into_inner);

        let names = || {
            received
                .spans
                .iter()
                .map(|span| span.name.clone())
                .collect::<Vec<_>>()
        };
        find(&received)
            .unwrap_or_else(|| panic!("the collector waited in vain for {what}; it has {:?}", names()))
    }

    fn lock(&self) -> MutexGuard<'_, Received> {
        self.state.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one request of a connection. `None` ends the connection.
    fn serve(&self, reader: &mut impl BufRead, mut stream: impl Write) -> Option<()> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let head = head.to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.and_then(|length| length.parse().ok()).expect("a length")];
        reader.read_exact(&mut body).ok()?;

        let behaviour = self.record(head, &body);
        let (status, rejected, retry_after) = match behaviour {
            Behaviour::Hang => loop {
                thread::park();
            },
            Behaviour::Accept => (200, 0, 0),
            Behaviour::Reject(rejected) => (200, rejected, 0),
            Behaviour::Refuse(status) => (status, 0, 0),
            Behaviour::Postpone => (503, 0, u64::MAX),
        };
        let partial_success = (rejected > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: rejected,
            error_message: "raw text of the collector".to_owned(),
        });
        let body = ExportTraceServiceResponse { partial_success }.encode_to_vec();

        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\nRetry-After: {retry_after}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), &body].concat()).ok()
    }

    fn record(&self, head: String, body: &[u8]) -> Behaviour {
        let request = ExportTraceServiceRequest::decode(body).expect("an OTLP request");
        let mut received = self.lock();

        received.requests.push(head);
        if matches!(received.behaviour, Behaviour::Accept | Behaviour::Reject(_)) {
            received.spans.extend(received_span::all(request));
        }
        self.state.changed.notify_all();
        received.behaviour
    }
}
