//! The RFC 5424 format of a log line, and its framing.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{DateTime, Utc};
use syslog::{Facility, Formatter5424, LogFormat, Severity};
use tracing::Level;

use super::server::Protocol;

/// One line of the log.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it was logged, by the [`Clock`](domain::Clock).
    pub time: DateTime<Utc>,
    /// Sent as the severities err, warning, info and debug.
    pub level: Level,
    /// The id of the request that it belongs to, sent as structured data.
    pub request_id: Option<Box<str>>,
    /// The ids of the trace and of the span that it belongs to, sent as structured data.
    pub span: Option<[String; 2]>,
    /// The message. Control characters are escaped, so that a line stays one line.
    pub text: String,
}

/// The id of the structured data element that holds the ids of a request. 32473 is the enterprise number reserved for examples (RFC 5612): replace it
/// with the number of your organisation.
pub const STRUCTURED_DATA_ID: &str = "request@32473";

/// The message size that every receiver should accept, in bytes (RFC 5424, 6.1; RFC 5426, 3.2). Only the few messages
/// larger than the network's MTU, 1472 bytes on Ethernet, are fragmented.
const MAX_DATAGRAM_SIZE: usize = 2048;

/// TCP could carry larger messages, but rsyslog splits those of more than 8096 bytes by default.
const MAX_FRAME_SIZE: usize = 8000;

/// Formats lines as messages of this process.
#[derive(Debug)]
pub(super) struct Encoder {
    formatter: Formatter5424,
    protocol: Protocol,
}

impl Encoder {
    pub(super) fn new(program: &str, protocol: Protocol) -> Self {
        let formatter = Formatter5424::default();
        // A header field is printable ASCII; a dash stands for an unknown value.
        let is_valid = |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        let hostname = formatter
            .hostname
            .filter(is_valid)
            .or_else(|| Some("-".to_owned()));

        let formatter = Formatter5424 {
            // As the Django template: the default of Python's handler.
            facility: Facility::LOG_USER,
            hostname,
            process: program.to_owned(),
            ..formatter
        };
        Self { formatter, protocol }
    }

    /// The bytes of a datagram or of a frame, truncated to the maximum size.
    pub(super) fn encode(&self, line: &Line) -> Vec<u8> {
        let mut message = self.format(line);

        match self.protocol {
            Protocol::Udp => message.truncate(message.floor_char_boundary(MAX_DATAGRAM_SIZE)),
            Protocol::Tcp => {
                message.truncate(message.floor_char_boundary(MAX_FRAME_SIZE));
                message.insert_str(0, &format!("{} ", message.len()));
            }
        }

        message.into_bytes()
    }

    fn format(&self, line: &Line) -> String {
        let data = structured_data(line);

        let mut message = Vec::new();
        // Writing to memory cannot fail. There is no message id that would add to the text, hence 0.
        let _ = self
            .formatter
            .format(&mut message, severity(line.level), (0, data, escaped(&line.text)));
        let message = String::from_utf8_lossy(&message);

        // The formatter stamps the time of formatting, but the line may have been queued for long.
        let mut parts = message.splitn(3, ' ');
        let (Some(priority), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return message.into_owned();
        };
        format!("{priority} {} {rest}", line.time.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}

/// One element with the ids of the line, or none.
fn structured_data(line: &Line) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    if let Some(id) = &line.request_id {
        parameters.insert("request_id".to_owned(), id.to_string());
    }
    if let Some([trace, span]) = &line.span {
        parameters.insert("trace_id".to_owned(), trace.clone());
        parameters.insert("span_id".to_owned(), span.clone());
    }

    if parameters.is_empty() {
        return BTreeMap::new();
    }
    BTreeMap::from([(STRUCTURED_DATA_ID.to_owned(), parameters)])
}

fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::LOG_ERR,
        Level::WARN => Severity::LOG_WARNING,
        Level::INFO => Severity::LOG_INFO,
        Level::DEBUG | Level::TRACE => Severity::LOG_DEBUG,
    }
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }

    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default())
        } else {
            line.push(c)
        }
    }

    line.into()
}
