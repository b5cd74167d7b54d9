//! TLS to PostgreSQL: which servers get the password.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use adapters::database::{self, Database, Tls};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::tls_server::{Server, options};

/// A server without TLS that asks for the password in cleartext. Reports the password of the first client that sends one.
fn password_thief() -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, passwords) = mpsc::channel();

    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            if let Some(password) = steal(client) {
                let _ = sender.send(password);
            }
        }
    });
    (port, passwords)
}

fn steal(mut client: TcpStream) -> Option<String> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    client.set_read_timeout(Some(Duration::from_secs(5))).ok()?;

    let mut message = [0; 1024];
    let mut length = client.read(&mut message).ok()?;
    if message[..length] == SSL_REQUEST {
        client.write_all(b"N").ok()?;
        length = client.read(&mut message).ok()?;
    }
    if length == 0 {
        return None;
    }

    // AuthenticationCleartextPassword
    client.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).ok()?;
    let length = client.read(&mut message).ok()?;
    let password = message.get(5..length.saturating_sub(1))?;
    Some(String::from_utf8_lossy(password).into_owned())
}

#[tokio::test]
async fn server_without_tls_gets_no_password_over_a_network() {
    // Reaches this machine, but is not a loopback address.
    let (port, passwords) = password_thief();

    for parameter in ["", "?sslmode=require", "?sslmode=verify-full"] {
        let url = format!("postgres://me:hunter2@0.0.0.0:{port}/x{parameter}");
        let error = database::connect(&url, options())
            .await
            .expect_err("no TLS")
            .to_string();

        assert!(error.contains("does not offer TLS"), "{error}");
        assert!(error.contains("DATABASE_SSLMODE=prefer"), "{error}");
        assert!(passwords.try_recv().is_err(), "the password was sent");
    }

    let url = format!("postgres://me:hunter2@0.0.0.0:{port}/x?sslmode=prefer");
    let _ = database::connect(&url, options()).await;
    let sent = passwords.recv_timeout(Duration::from_secs(5));
    assert_eq!(sent.as_deref(), Ok("hunter2"), "as asked for");
}

async fn user(database: &Database) -> String {
    let rows = database
        .connection()
        .query_all_raw(Statement::from_string(
            DbBackend::Postgres,
            "select current_user::text || '@' || current_database()::text || ' ' || \
             coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)::text as it"
                .to_owned(),
        ))
        .await
        .expect("a result");
    rows[0].try_get("", "it").expect("a text")
}

#[tokio::test]
async fn every_kind_of_host_connects_with_literal_credentials_and_checked_certificates() {
    let server = Server::start().await;
    let with_root = |name: &str| Tls {
        root_certificate: Some(server.file(name).into()),
        ..Tls::default()
    };

    let socket = server.socket_folder();
    for (host, tls, encrypted) in [
        ("127.0.0.1", Tls::default(), true),
        ("::1", Tls::default(), true),
        ("[::1]", Tls::default(), true),
        ("0.0.0.0", Tls::default(), true),
        (&*socket, Tls::default(), false),
        ("localhost", with_root("ca.crt"), true),
    ] {
        let connected = database::connect_to(&server.address(host, tls), options()).await;
        let database = connected.unwrap_or_else(|error| panic!("{host}: {error}"));
        assert_eq!(
            user(&database).await,
            format!("a%41b@d%41b {encrypted}"),
            "{host}"
        );
    }

    // A server without a certificate for this host, or from another authority, gets nothing.
    for (host, root) in [("127.0.0.1", "ca.crt"), ("localhost", "other.crt")] {
        let refused = database::connect_to(&server.address(host, with_root(root)), options()).await;
        let error = refused.expect_err("an untrusted server").to_string();
        assert!(error.contains("no trusted TLS connection"), "{error}");
    }
    for root in ["missing.crt", "server.key"] {
        let refused = database::connect_to(&server.address("localhost", with_root(root)), options()).await;
        let error = refused.expect_err("no certificate").to_string();
        assert!(error.contains("DATABASE_SSLROOTCERT"), "{error}");
    }

    for url in [
        format!(
            "postgres:///postgres?user=postgres&host={socket}&port={}",
            server.port()
        ),
        format!(
            "postgres://postgres@{}:{}/postgres",
            socket.replace('/', "%2F"),
            server.port()
        ),
        format!(
            "postgres://postgres@[::1]:{}/postgres?sslmode=require",
            server.port()
        ),
    ] {
        let database = database::connect(&url, options())
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        assert!(user(&database).await.starts_with("postgres@postgres"));
    }
}

#[tokio::test]
async fn wrong_password_is_reported_without_user_and_password() {
    let server = Server::start().await;

    for user in ["a%2541b", "nobody"] {
        let url = format!("postgres://{user}:hunter2@127.0.0.1:{}/postgres", server.port());
        let error = database::connect(&url, options())
            .await
            .expect_err("a refusal")
            .to_string();

        assert!(error.contains("does not accept"), "{error}");
        assert!(!error.contains("nobody") && !error.contains("a%41b"), "{error}");
    }
}
