//! Messages to a syslog server about a traced request have the ids of its span.

use std::net::UdpSocket;

use adapters::syslog::STRUCTURED_DATA_ID;

use super::logs::line_and_span;
use crate::support::TIMEOUT;

#[test]
fn syslog_line_has_the_ids_as_structured_data() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
    server.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    let port = server.local_addr().expect("an address").port().to_string();
    let variables = [("SYSLOG_HOST", "127.0.0.1"), ("SYSLOG_PORT", &*port)];

    let (_, span) = line_and_span(&variables);

    let mut datagram = [0; 4096];
    let line = loop {
        let length = server.recv(&mut datagram).expect("a line in time");
        let line = String::from_utf8_lossy(&datagram[..length]).into_owned();
        if line.contains("abc-123") {
            break line;
        }
    };
    let (trace, span) = (span.trace_id, span.span_id);
    let data = format!(
        "[{STRUCTURED_DATA_ID} request_id=\"abc-123\" span_id=\"{span}\" trace_id=\"{trace}\"] access: "
    );
    assert!(line.contains(&data), "{line}");
    assert_eq!(
        line.matches(&span).count(),
        1,
        "the text does not repeat the ids: {line}"
    );
}
