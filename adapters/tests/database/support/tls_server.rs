//! A PostgreSQL server with TLS and passwords, and what is needed to make its certificate.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::Command,
};

use adapters::{
    database::{self, Address, Options, PostgresAddress, Servers, Tls},
    testing::PostgresServer,
};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use super::SECOND;

/// Characters that have a meaning in URLs, SQL or shells.
const PASSWORD: &str = "pa%41ss:/?#@[] '\"\\+&=\u{e4}";

pub(crate) fn options() -> Options {
    Options {
        max_connections: 1,
        acquire_timeout: 3 * SECOND,
        ..Options::default()
    }
}

/// A server with TLS, a Unix socket, IPv6 and passwords, whose certificate is for `localhost` alone.
pub(crate) struct Server {
    folder: TempDir,
    server: PostgresServer,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        make_certificates(folder.path());
        let rules = "local all postgres trust\nhost all postgres all trust\nhostssl all all all scram-sha-256\n\
                     local all all scram-sha-256\n";
        fs::write(folder.path().join("hba.conf"), rules).expect("a file");
        give_to_postgres(folder.path());

        let path = folder.path().display();
        let server = PostgresServer::start_with(&format!(
            "-c listen_addresses=127.0.0.1,::1 -c unix_socket_directories={path} -c hba_file={path}/hba.conf -c ssl=on \
             -c ssl_cert_file={path}/server.crt -c ssl_key_file={path}/server.key"
        ));
        let this = Self { folder, server };

        let admin = database::connect(this.server.url(), options())
            .await
            .expect("a connection");
        let role = format!(
            "create role \"a%41b\" login password '{}'",
            PASSWORD.replace('\'', "''")
        );
        for sql in [&role, "create database \"d%41b\""] {
            admin.connection().execute_unprepared(sql).await.expect(sql);
        }
        this
    }

    pub(crate) fn port(&self) -> u16 {
        let url: url::Url = self.server.url().parse().expect("a URL");
        url.port().expect("a port")
    }

    pub(crate) fn socket_folder(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// The path of one of its files.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Its address in parts that need encoding in a URL, with these hosts and parameters.
    pub(crate) fn address(&self, host: &str, tls: Tls) -> Address {
        Address::Postgres(PostgresAddress {
            servers: Servers::new(vec![host.parse().expect("a host")], &[self.port()]).expect("a server"),
            target_session_attrs: None,
            user: Some("a%41b".to_owned()),
            password: Some(PASSWORD.to_owned()),
            database: Some("d%41b".to_owned()),
            tls,
        })
    }
}

/// An authority, and the certificate of a server that it vouches for.
fn make_certificates(folder: &Path) {
    let script = "set -e
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        echo subjectAltName=DNS:localhost >names
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.crt";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .output()
        .expect("a shell");

    let log = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl made no certificates: {log}");
}

/// If root runs the tests, the server runs as another user, who must own its key.
fn give_to_postgres(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("permissions");
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).expect("permissions");
    if folder.metadata().expect("a folder").uid() != 0 {
        return;
    }

    let id = Command::new("id")
        .args(["-u", "postgres"])
        .output()
        .expect("the user");
    let id = String::from_utf8_lossy(&id.stdout)
        .trim()
        .parse()
        .expect("a number");
    for path in [folder.to_owned(), folder.join("server.key")] {
        chown(path, Some(id), None).expect("ownership");
    }
}
