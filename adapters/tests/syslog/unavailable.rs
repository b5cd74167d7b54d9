//! Unreachable servers: the caller never waits, and every line is counted as dropped.

use std::{
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use adapters::syslog::{
    Protocol::{Tcp, Udp},
    Server, Syslog,
};
use socket2::{Domain, Socket, Type};

use crate::support::{PROGRAM, TIMEOUT, eventually, line, local_server};

/// More than the queue holds.
const LINES: u64 = 40_000;

/// Start, send and stop return soon, and every line is counted.
fn assert_drops_every_line_without_blocking(server: Server) {
    let begin = Instant::now();
    let (syslog, guard) = Syslog::start(PROGRAM, server.clone());
    for n in 0..LINES {
        syslog.send(line(&format!("line {n}")));
    }
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{server}: {:?}",
        begin.elapsed()
    );

    let dropped = syslog.dropped();
    assert!(
        (LINES - 17_000..LINES).contains(&dropped),
        "{server}: {} lines are queued",
        LINES - dropped
    );

    let stop = Instant::now();
    drop(guard);
    assert!(
        stop.elapsed() < Duration::from_secs(10),
        "{server}: {:?}",
        stop.elapsed()
    );
    eventually("every line is counted", || syslog.dropped() == LINES);

    syslog.send(line("after the end"));
    assert_eq!(syslog.dropped(), LINES + 1, "{server}");
}

#[test]
fn closed_port_neither_blocks_nor_hides_dropped_lines() {
    let tcp = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let udp = UdpSocket::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");

    for (protocol, port) in [(Tcp, tcp.port()), (Udp, udp.port())] {
        assert_drops_every_line_without_blocking(local_server(protocol, port));
    }
}

#[test]
fn unknown_host_neither_blocks_nor_hides_dropped_lines() {
    for protocol in [Tcp, Udp] {
        assert_drops_every_line_without_blocking(Server {
            host: "nowhere.invalid".to_owned(),
            port: 514,
            protocol,
        });
    }
}

#[test]
fn silent_host_neither_blocks_nor_hides_dropped_lines() {
    // With its backlog full, a listener leaves further connection attempts without a response.
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    listener
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .expect("a port");
    listener.listen(0).expect("a listener");
    let address = listener
        .local_addr()
        .expect("an address")
        .as_socket()
        .expect("an address");

    let connect_timeout = Duration::from_millis(200);
    let connections: Vec<_> = (0..10)
        .map(|_| TcpStream::connect_timeout(&address, connect_timeout))
        .collect();
    assert!(
        connections.iter().any(Result::is_err),
        "the backlog is not full yet"
    );

    assert_drops_every_line_without_blocking(local_server(Tcp, address.port()));
}

#[test]
fn stopping_with_an_empty_queue_returns_at_once() {
    let begin = Instant::now();
    let (syslog, guard) = Syslog::start(
        PROGRAM,
        Server {
            host: "nowhere.invalid".to_owned(),
            port: 514,
            protocol: Tcp,
        },
    );
    drop(guard);

    assert!(begin.elapsed() < TIMEOUT / 2, "{:?}", begin.elapsed());
    assert_eq!(syslog.dropped(), 0);
}
