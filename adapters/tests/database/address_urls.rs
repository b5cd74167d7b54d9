//! Which URLs name a database, and how others are refused.

use adapters::database::{
    Address, Host, ParseAddressError, PostgresAddress, Servers, SslMode, TargetSessionAttrs,
};

fn postgres(url: &str) -> PostgresAddress {
    match url.parse().expect(url) {
        Address::Postgres(address) => address,
        Address::Sqlite(_) => panic!("{url} is not PostgreSQL"),
    }
}

fn refused(url: &str) -> ParseAddressError {
    match url.parse::<Address>() {
        Ok(address) => panic!("{url} is accepted as {address}"),
        Err(error) => error,
    }
}

#[test]
fn every_part_of_a_url_is_decoded_once() {
    let address =
        postgres("postgres://m%40e:p%2541:%2F%3F%23%40@db.example:6432/a%2Fb%20c?sslmode=verify-ca");

    assert_eq!(address.user.as_deref(), Some("m@e"));
    assert_eq!(address.password.as_deref(), Some("p%41:/?#@"));
    assert_eq!(address.servers.to_string(), "db.example:6432");
    assert_eq!(address.database.as_deref(), Some("a/b c"));
    assert_eq!(address.tls.mode, Some(SslMode::VerifyCa));
}

#[test]
fn user_and_password_are_never_shown() {
    for (url, shown) in [
        ("postgres://me:hunter2@db/x", "postgres://db:5432/x"),
        ("postgresql://me:hunter2@[::1]:6432/x", "postgres://[::1]:6432/x"),
        (
            "postgres://db?user=me&password=hunter2&dbname=x",
            "postgres://db:5432/x",
        ),
        (
            "postgres:///x?host=/run/pg&user=me",
            "postgres:///x?host=/run/pg&port=5432",
        ),
        (
            "postgres://me:hunter2@a:5432,[::1]:5433/x",
            "postgres://a:5432,[::1]:5433/x",
        ),
        (
            "postgres:///x?host=a,::1,/run/pg&port=1,2,3&password=hunter2",
            "postgres:///x?host=a,::1,/run/pg&port=1,2,3",
        ),
        ("sqlite://folder/a%20file.db", "sqlite://folder/a file.db"),
    ] {
        let address: Address = url.parse().expect(url);
        assert_eq!(
            (format!("{address}"), format!("{address:?}")),
            (shown.into(), shown.into())
        );
    }
}

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
            "postgres://me@[::1]:5433,10.0.0.1,%2Frun%2Fpg:5434/x",
            "[::1]:5433,10.0.0.1:5432,/run/pg/.s.PGSQL.5434",
        ),
        (
            "postgres://localhost/x?host=/a,/b",
            "/a/.s.PGSQL.5432,/b/.s.PGSQL.5432",
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

#[test]
fn unescaped_password_is_refused_wherever_its_end_would_go() {
    for url in [
        "postgres://me:pa#ss@db/x",
        "postgres://me:12345#ss@db/x",
        "postgres://me:pa/ss@db/x",
        "postgres://me:12345/ss@db/x",
        "postgres://me:pa?ss@db/x",
        "postgres://me:12345?ss@db/x",
        "postgres://me:12345?ss=1&x@db/x",
        "postgres://me:pa@ss@db/x",
        "postgres://me:pa%ss@db/x",
        "postgres://me:pa%4@db/x",
        "postgres://me:pa%ff@db/x",
        "postgres://me:pa%00@db/x",
        "postgres://me:pa ss@db/x",
        "postgres://me:p\u{e4}ss@db/x",
        "postgres://me:pa[ss@db/x",
        "postgres://me:pa\\ss@db/x",
        "postgres://me:pa\"ss@db/x",
        "postgres://db/x#ss",
        "sqlite://me:pass@db/x",
        "sqlite://x.db#ss",
    ] {
        let advice = refused(url).to_string();
        assert!(advice.contains("%2") || advice.contains("%4"), "{url}: {advice}");
    }
}

#[test]
fn only_known_parameters_with_valid_values_are_accepted() {
    use ParseAddressError as Error;

    for (parameters, error) in [
        ("pasword=x", Error::MisspeltParameter(1, "password")),
        ("user=me&SSLMODE=require", Error::MisspeltParameter(2, "sslmode")),
        (
            "connect_timeout=3",
            Error::UnsupportedParameter("connect_timeout"),
        ),
        ("anything=x", Error::UnknownParameter(1)),
        ("anything", Error::NoValue(1)),
        ("user=me&user=you", Error::Duplicate("user")),
        ("host=elsewhere", Error::Duplicate("host")),
        ("port=0", Error::Port),
        ("port=-1", Error::Port),
        ("sslrootcert=", Error::Empty("sslrootcert")),
    ] {
        assert_eq!(
            refused(&format!("postgres://db/x?{parameters}")),
            error,
            "{parameters}"
        );
    }
    let mode = refused("postgres://db/x?sslmode=hunter2").to_string();
    assert!(
        mode.contains("verify-full") && !mode.contains("hunter2"),
        "{mode}"
    );
}

#[test]
fn urls_without_a_usable_host_or_file_are_refused_with_what_to_write() {
    for (url, advice) in [
        ("", "postgres:// or sqlite://"),
        ("postgres:db", "postgres:// or sqlite://"),
        ("Postgres://db", "postgres:// or sqlite://"),
        ("mysql://db", "postgres:// or sqlite://"),
        ("postgres://", "names no host"),
        ("postgres:///x", "names no host"),
        ("postgres://db:/x", "port"),
        ("postgres://db:99999/x", "port"),
        ("postgres://db/x/y", "%2F"),
        ("postgres://a,/x", "a host name"),
        ("postgres://,:1/x", "a host name"),
        ("postgres://a,b:/x", "port"),
        ("postgres://a,b:0/x", "port"),
        ("postgres://a,fd00::2/x", "brackets"),
        ("postgres:///x?host=a,,b", "a host name"),
        ("postgres:///x?host=a:1,b:2", "port"),
        ("postgres://a,b/x?port=1,2,3", "2 hosts and 3 ports"),
        ("postgres://a,b/x?port=1,", "port"),
        (
            "postgres://a:1,b/x?port=2",
            "`port` gives what the URL has already",
        ),
        ("postgres://a,b/x?host=c", "`host` gives what the URL has already"),
        (
            "postgres://a/x?target_session_attrs=standby",
            "any, read-write or primary",
        ),
        ("postgres://a/x?target_session_attrs=", "has no value"),
        ("postgres://fd00::2/x", "brackets"),
        ("postgres://[fd00::2/x", "host"),
        ("postgres://[fd00::2]x/x", "host"),
        ("postgres:///x?host=a:6432", "port"),
        ("sqlite://", "names no file"),
        ("sqlite::memory:", "memory:"),
        ("sqlite://:memory:", "memory:"),
        ("sqlite://x?mode=memory", "memory:"),
        ("sqlite://x?mode=all", "rwc, rw or ro"),
    ] {
        let message = refused(url).to_string();
        assert!(message.contains(advice), "{url}: {message}");
    }
}

#[test]
fn encryption_is_required_except_on_this_machine() {
    let mode = |url: &str| {
        let address = postgres(url);
        address.tls.mode_for(&address.servers[0].host)
    };

    for url in [
        "postgres://localhost/x",
        "postgres://127.1.2.3/x",
        "postgres://[::1]/x",
        "postgres://[::ffff:127.0.0.1]/x",
        "postgres:///x?host=/run/postgresql",
    ] {
        assert_eq!(mode(url), SslMode::Prefer, "{url}");
    }
    for url in [
        "postgres://db/x",
        "postgres://localhost.example/x",
        "postgres://10.0.0.1/x",
        "postgres://0.0.0.0/x",
        "postgres://[fd00::2]/x",
    ] {
        assert_eq!(mode(url), SslMode::Require, "{url}");
    }

    assert_eq!(mode("postgres://db/x?sslmode=prefer"), SslMode::Prefer);
    assert_eq!(mode("postgres://db/x?sslrootcert=/ca.pem"), SslMode::VerifyFull);
    assert_eq!(
        mode("postgres://db/x?sslrootcert=/ca.pem&sslmode=require"),
        SslMode::VerifyCa
    );
}
