//! A line as RFC 5424 has it, and how it stands on the wire.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{DateTime, Utc};
use syslog::{Facility, Formatter5424, LogFormat, Severity};
use tracing::Level;

use super::Protocol;

/// One line of the log.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it happened, by the [`Clock`](domain::Clock).
    pub time: DateTime<Utc>,
    /// How severe it is; sent as the severities err, warning, info and debug.
    pub level: Level,
    /// The id of the request it belongs to; sent as structured data.
    pub request_id: Option<Box<str>>,
    /// What happened. Control characters are sent escaped, so that a line stays one line.
    pub text: String,
}

/// The element of structured data that is ours. 32473 is the enterprise number set aside for examples (RFC 5612): a
/// service that grows from this one puts in its owner's.
const ELEMENT: &str = "templatesite@32473";

/// The largest message that every receiver should take, whatever the transport (RFC 5424, 6.1; RFC 5426, 3.2). Only
/// the few that exceed a network's MTU, 1472 bytes on Ethernet, travel in fragments.
const LARGEST_DATAGRAM: usize = 2048;

/// A stream can carry more, but rsyslog splits what exceeds 8096 bytes unless it is told otherwise.
const LARGEST_FRAME: usize = 8000;

/// Makes messages that say who we are.
#[derive(Debug)]
pub(super) struct Messages {
    formatter: Formatter5424,
    protocol: Protocol,
}

impl Messages {
    pub(super) fn new(protocol: Protocol) -> Self {
        let formatter = Formatter5424::default();
        // A header's fields are printable ASCII; a dash stands for what is not known.
        let printable = |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        let hostname = formatter
            .hostname
            .filter(printable)
            .or_else(|| Some("-".to_owned()));
        let process = "templatesite".to_owned();
        // The Django template's facility: the default of Python's handler.
        let formatter = Formatter5424 {
            facility: Facility::LOG_USER,
            hostname,
            process,
            ..formatter
        };
        Self { formatter, protocol }
    }

    /// The bytes of a datagram or of a frame.
    pub(super) fn encode(&self, line: &Line) -> Vec<u8> {
        let mut message = self.format(line);
        match self.protocol {
            Protocol::Udp => message.truncate(message.floor_char_boundary(LARGEST_DATAGRAM)),
            Protocol::Tcp => {
                message.truncate(message.floor_char_boundary(LARGEST_FRAME));
                message.insert_str(0, &format!("{} ", message.len()));
            }
        }
        message.into_bytes()
    }

    fn format(&self, line: &Line) -> String {
        let element = |id: &str| {
            let parameter = BTreeMap::from([("request_id".to_owned(), id.to_owned())]);
            BTreeMap::from([(ELEMENT.to_owned(), parameter)])
        };
        let data = line.request_id.as_deref().map(element).unwrap_or_default();
        let mut message = Vec::new();
        // Writing to memory does not fail. There is no message id that would tell more than the text does.
        let _ = self
            .formatter
            .format(&mut message, severity(line.level), (0, data, escaped(&line.text)));
        let message = String::from_utf8_lossy(&message);
        let mut parts = message.splitn(3, ' ');
        let (Some(priority), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return message.into_owned();
        };
        // The formatter stamps a message with the time at which it is made, which in a queue is not when it happened.
        format!("{priority} {} {rest}", line.time.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
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
