//! Servers that are not there: what a caller notices, and what is counted.

use std::{
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use adapters::syslog::{
    Protocol::{Tcp, Udp},
    Server, Syslog,
};
use socket2::{Domain, Socket, Type};

use crate::support::{PATIENCE, eventually, line};

/// More than the queue holds.
const MANY: u64 = 40_000;

/// Starting, sending and stopping return, and every line is counted.
fn costs_only_its_lines(server: Server) {
    let begin = Instant::now();
    let (syslog, guard) = Syslog::start(server.clone());
    for n in 0..MANY {
        syslog.send(line(&format!("line {n}")));
    }
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{server}: {:?}",
        begin.elapsed()
    );
    let (before, stop) = (syslog.dropped(), Instant::now());
    assert!(
        (MANY - 17_000..MANY).contains(&before),
        "{server}: a queue full waits, not {}",
        MANY - before
    );
    drop(guard);
    assert!(
        stop.elapsed() < Duration::from_secs(10),
        "{server}: {:?}",
        stop.elapsed()
    );
    eventually("every line is counted", || syslog.dropped() == MANY);
    syslog.send(line("after the end"));
    assert_eq!(syslog.dropped(), MANY + 1, "{server}");
}

#[test]
fn nobody_listens() {
    let tcp = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let udp = UdpSocket::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    for (protocol, port) in [(Tcp, tcp.port()), (Udp, udp.port())] {
        costs_only_its_lines(Server {
            host: "127.0.0.1".to_owned(),
            port,
            protocol,
        });
    }
}

#[test]
fn the_host_has_no_address() {
    for protocol in [Tcp, Udp] {
        costs_only_its_lines(Server {
            host: "nowhere.invalid".to_owned(),
            port: 514,
            protocol,
        });
    }
}

#[test]
fn the_host_is_silent() {
    // With its queue of connections full, a listener leaves further ones without an answer.
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
    let short = Duration::from_millis(200);
    let connections: Vec<_> = (0..10)
        .map(|_| TcpStream::connect_timeout(&address, short))
        .collect();
    assert!(connections.iter().any(Result::is_err), "there is room for more");
    costs_only_its_lines(Server {
        host: "127.0.0.1".to_owned(),
        port: address.port(),
        protocol: Tcp,
    });
}

#[test]
fn nothing_to_send_is_nothing_to_wait_for() {
    let begin = Instant::now();
    let (syslog, guard) = Syslog::start(Server {
        host: "nowhere.invalid".to_owned(),
        port: 514,
        protocol: Tcp,
    });
    drop(guard);
    assert!(begin.elapsed() < PATIENCE / 2, "{:?}", begin.elapsed());
    assert_eq!(syslog.dropped(), 0);
}
