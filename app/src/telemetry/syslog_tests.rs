//! What a syslog server receives of the log.

use std::{net::UdpSocket, time::Duration};

use adapters::syslog::{Protocol, STRUCTURED_DATA_ID, Server, Syslog};

use super::tests::{BODY, log_an_event, logged, send_a_request};
use crate::version::NAME;

/// The message of the first line that is logged, and what the console receives of it.
fn sent_and_written(json: bool, log: impl FnOnce()) -> (String, String) {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
    server
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a timeout");
    let port = server.local_addr().expect("an address").port();
    let (syslog, guard) = Syslog::start(
        NAME,
        Server {
            host: "127.0.0.1".to_owned(),
            port,
            protocol: Protocol::Udp,
        },
    );

    let written = logged(json, Some(syslog), log);
    drop(guard);

    let mut datagram = vec![0; 4096];
    let length = server.recv(&mut datagram).expect("a datagram");
    datagram.truncate(length);
    (String::from_utf8(datagram).expect("UTF-8"), written)
}

#[test]
fn syslog_receives_the_event_that_the_console_receives_in_either_format() {
    for json in [false, true] {
        let (sent, written) = sent_and_written(json, log_an_event);

        assert!(sent.starts_with("<12>1 2026-11-22T11:17:00.123000Z "), "{sent}");
        assert!(sent.ends_with(&format!(" - {BODY}")), "{sent}");
        assert_eq!(written, logged(json, None, log_an_event));
    }
}

#[test]
fn message_of_a_request_has_its_id() {
    let (sent, _) = sent_and_written(false, send_a_request);

    let expected = format!("[{STRUCTURED_DATA_ID} request_id=\"abc-123\"] access: method=GET route=-");
    assert!(sent.contains(&expected), "{sent}");
}
