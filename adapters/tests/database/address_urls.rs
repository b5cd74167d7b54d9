//! Which URLs name a database, and how others are refused.

use adapters::database::{Address, ParseAddressError, PostgresAddress, SslMode};

pub(super) fn postgres(url: &str) -> PostgresAddress {
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
            "postgres:///x?host=/tmp&user=me",
            "postgres:///x?host=/tmp&port=5432",
        ),
        (
            "postgres://me:hunter2@a:5432,[::1]:5433/x",
            "postgres://a:5432,[::1]:5433/x",
        ),
        (
            "postgres:///x?host=a,::1,/tmp&port=1,2,3&password=hunter2",
            "postgres:///x?host=a,::1,/tmp&port=1,2,3",
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
        ("sqlite://%3Amemory%3A", "memory:"),
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
