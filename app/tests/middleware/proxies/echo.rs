//! Which headers of a client the documented configurations pass on. A server that repeats what it received is in the place
//! of the service.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

use super::{FORGED, HOST, process::Proxy};

/// Starts a server whose responses are the headers of the requests.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");

    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();

            let (body, status) = (head.join("\n"), "HTTP/1.1 200 OK\r\nConnection: close");
            let length = body.len();
            let _ = write!(stream, "{status}\r\nContent-Length: {length}\r\n\r\n{body}");
        }
    });
    address
}

/// The request line and the headers that the service could believe, in lower case and sorted.
fn received(proxy: &Proxy, path: &str) -> Vec<String> {
    let response = proxy.send("GET", path, &format!("{HOST}{}", FORGED.concat()));
    let believable = |line: &String| {
        ["get ", "host:", "forwarded", "x-forwarded", "x-real-ip", "trace"]
            .iter()
            .any(|start| line.starts_with(start))
    };

    let lines = response.body.lines().map(str::to_ascii_lowercase);
    let mut lines: Vec<_> = lines.filter(believable).collect();
    lines.sort();
    lines
}

fn assert_only_the_proxys_own_headers_arrive(proxy: &Proxy, ignored: &[&str]) {
    for (path, prefix) in [("/x?y=%2F", None), ("/microblog/x?y=%2F", Some("/microblog"))] {
        let mut lines = received(proxy, path);
        lines.retain(|line| !ignored.iter().any(|name| line.starts_with(name)));

        let prefix = prefix.map(|prefix| format!("x-forwarded-prefix: {prefix}"));
        let expected = [
            Some("get /x?y=%2f http/1.1".to_owned()),
            Some("host: api.example.com".to_owned()),
            Some("x-forwarded-for: 127.0.0.1".to_owned()),
            prefix,
            Some("x-forwarded-proto: http".to_owned()),
        ];
        assert_eq!(lines, expected.into_iter().flatten().collect::<Vec<_>>());
    }
}

#[test]
fn forged_headers_do_not_pass_the_documented_nginx() {
    // It drops the headers that the service reads or other software commonly does, each by its name.
    let ignored = ["x-forwarded-server", "x-forwarded-scheme"];
    assert_only_the_proxys_own_headers_arrive(&Proxy::documented_nginx(echo()), &ignored);
}

#[test]
fn forged_headers_do_not_pass_the_documented_haproxy() {
    assert_only_the_proxys_own_headers_arrive(&Proxy::documented_haproxy(echo()), &[]);
}
