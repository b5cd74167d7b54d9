//! Which servers a URL names, and which of them is used.

use adapters::database::{Host, Servers, TargetSessionAttrs};

use super::address_urls::postgres;

#[test]
fn ip_addresses_and_unix_sockets_are_hosts() {
    let ip = |text: &str| Host::Ip(text.parse().expect("an address"));
    let folder = || Host::SocketFolder("/run/postgresql".into());

    for (url, host) in [
        ("postgres://[::1]/x", ip("::1")),
        ("postgres://me@[fd00::2]:6432/x", ip("fd00::2")),
        ("postgres://127.0.0.1/x", ip("127.0.0.1")),
        ("postgres://%2Frun%2Fpostgresql/x", folder()),
        ("postgres://me:pw@/x?host=/run/postgresql", folder()),
        ("postgres:///x?host=%2Frun%2Fpostgresql", folder()),
        ("postgres://me:pw@localhost/x?host=/run/postgresql", folder()),
    ] {
        assert_eq!(postgres(url).servers[0].host, host, "{url}");
    }
    for text in ["::1", "[::1]"] {
        assert_eq!(text.parse(), Ok(ip("::1")));
    }
}

/// The forms of libpq.
#[test]
fn several_hosts_have_one_port_for_all_or_one_each() {
    for (url, servers) in [
        ("postgres://me:pw@a:5432,b:5433/x", "a:5432,b:5433"),
        ("postgres://a,b,c/x", "a:5432,b:5432,c:5432"),
        ("postgres://a,b:5433/x", "a:5432,b:5433"),
        ("postgres://a,b/x?port=5433", "a:5433,b:5433"),
        ("postgres://a,b/x?port=1,2", "a:1,b:2"),
        ("postgres://:5433/x?host=a,b", "a:5433,b:5433"),
        ("postgres:///x?host=a,[::1],::2&port=1,2,3", "a:1,[::1]:2,[::2]:3"),
        (
            "postgres://me@[::1]:5433,10.0.0.1,%2Ftmp:5434/x",
            "[::1]:5433,10.0.0.1:5432,/tmp/.s.PGSQL.5434",
        ),
        (
            "postgres://localhost/x?host=/tmp,/usr",
            "/tmp/.s.PGSQL.5432,/usr/.s.PGSQL.5432",
        ),
    ] {
        assert_eq!(postgres(url).servers.to_string(), servers, "{url}");
    }

    let servers: Servers = "a,b:5433,[::1]:5434".parse().expect("valid");
    assert_eq!(servers.to_string(), "a:5432,b:5433,[::1]:5434");
    for text in ["", "a,", ",a", "a:", "a:x", "a:0", "::1", "a b", "a@b", "me:pw@a"] {
        assert!(text.parse::<Servers>().is_err(), "{text} is accepted");
    }
}

/// One server is used as it is; of several, the primary.
#[test]
fn target_session_attrs_decide_which_server_is_used() {
    use TargetSessionAttrs::{Any, Primary, ReadWrite};

    for (url, target) in [
        ("postgres://a/x", Any),
        ("postgres://a,b/x", Primary),
        ("postgres://a/x?target_session_attrs=primary", Primary),
        ("postgres://a,b/x?target_session_attrs=any", Any),
        ("postgres://a,b/x?target_session_attrs=read-write", ReadWrite),
    ] {
        assert_eq!(postgres(url).target(), target, "{url}");
    }
}
