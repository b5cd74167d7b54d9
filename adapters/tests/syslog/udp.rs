//! UDP (RFC 5426) and the message format (RFC 5424).

use std::{net::UdpSocket, thread, time::Duration};

use adapters::syslog::{Line, Protocol::Udp, STRUCTURED_DATA_ID};
use tracing::Level;

use crate::support::{PROGRAM, TIMEOUT, line, reusable_port, start, text_of};

/// Long enough for several failed attempts.
const OUTAGE: Duration = Duration::from_millis(500);

/// A receiver on this port; 0 for any free one.
fn listen(port: u16) -> (UdpSocket, u16) {
    let socket = UdpSocket::bind(("127.0.0.1", port)).expect("the port");
    socket.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    let port = socket.local_addr().expect("an address").port();

    (socket, port)
}

fn receive(socket: &UdpSocket) -> String {
    let mut datagram = vec![0; 65_536];
    let length = socket.recv(&mut datagram).expect("a datagram in time");
    datagram.truncate(length);

    String::from_utf8(datagram).expect("UTF-8")
}

#[test]
fn line_is_sent_as_rfc_5424_message() {
    let (socket, port) = listen(0);
    let (syslog, _guard) = start(Udp, port);
    let levels = [
        (Level::ERROR, "<11>1"),
        (Level::WARN, "<12>1"),
        (Level::INFO, "<14>1"),
        (Level::DEBUG, "<15>1"),
        (Level::TRACE, "<15>1"),
    ];

    for (level, priority) in levels {
        let request_id = Some("abc-123".into());
        syslog.send(Line {
            level,
            request_id,
            ..line("access: a=1 naïve [brackets]")
        });

        let message = receive(&socket);
        let fields: Vec<_> = message.splitn(7, ' ').collect();
        let [head, time, host, app, process, id, rest] = fields[..] else {
            panic!("{message}")
        };
        assert_eq!((head, time), (priority, "2026-11-22T11:17:00.123000Z"));
        assert!(
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic()),
            "{message}"
        );
        assert_eq!(
            (app, process, id),
            (PROGRAM, &*std::process::id().to_string(), "0")
        );
        assert_eq!(
            rest,
            format!("[{STRUCTURED_DATA_ID} request_id=\"abc-123\"] access: a=1 naïve [brackets]")
        );
    }

    syslog.send(line("no request"));
    assert!(receive(&socket).ends_with(" 0 - no request"));
}

#[test]
fn control_characters_and_quotes_are_escaped() {
    let (socket, port) = listen(0);
    let (syslog, _guard) = start(Udp, port);

    syslog.send(line("one\r\ntwo\t\u{1b}[31mred\0 \u{7f}\u{9b} \u{1F600}"));
    assert_eq!(
        text_of(&receive(&socket)),
        r"one\r\ntwo\t\u{1b}[31mred\u{0} \u{7f}\u{9b} 😀"
    );

    let request_id = Some(r#"a"]\b"#.into());
    syslog.send(Line {
        request_id,
        ..line("hello")
    });
    let element = format!(r#"[{STRUCTURED_DATA_ID} request_id="a\"\]\\b"] hello"#);
    assert!(receive(&socket).ends_with(&element));
}

#[test]
fn long_message_is_truncated_between_characters() {
    let (socket, port) = listen(0);
    let (syslog, _guard) = start(Udp, port);

    let mut lengths = Vec::new();
    for offset in 0..4 {
        let text = "x".repeat(offset) + &"\u{1F600}".repeat(1000);
        syslog.send(line(&text));

        let message = receive(&socket);
        assert!(text.starts_with(text_of(&message)));
        lengths.push(message.len());
    }

    lengths.sort_unstable();
    assert_eq!(
        lengths,
        [2045, 2046, 2047, 2048],
        "each position of a four-byte character at the limit"
    );
}

#[test]
fn lines_are_queued_while_the_port_is_closed() {
    let port = reusable_port();
    let (socket, _) = listen(port);
    let (syslog, guard) = start(Udp, port);
    syslog.send(line("before"));
    assert_eq!(text_of(&receive(&socket)), "before");

    drop(socket);
    let texts: Vec<_> = (0..100).map(|n| format!("during the outage {n}")).collect();
    texts.iter().for_each(|text| syslog.send(line(text)));
    thread::sleep(OUTAGE);

    let (socket, _) = listen(port);
    for text in &texts {
        assert_eq!(text_of(&receive(&socket)), text);
    }
    drop(guard);
    assert_eq!(syslog.dropped(), 0);
}
