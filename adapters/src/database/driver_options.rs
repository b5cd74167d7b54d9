//! What the driver is told about a connection: everything explicitly, so that variables of the environment and its own
//! parser have no say. Only `PGSSLCERT`, `PGSSLKEY`, `PGSSLROOTCERT` and `PGOPTIONS` remain. Unlike in libpq, the mode does
//! not depend on `PGSSLROOTCERT`.

use std::{fs, path::Path, sync::Arc};

use sea_orm::{
    SqlxError,
    sqlx::{
        AssertSqlSafe, ConnectOptions, Database, Executor, PgConnection, Postgres,
        pool::PoolOptions,
        postgres::{PgConnectOptions, PgSslMode},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use thiserror::Error;

use super::{
    address::{Host, PostgresAddress, Server, SqliteAddress, SqliteMode, SslMode, Tls},
    connect::Options,
};

/// The file of trusted authorities cannot be used. Its name is not repeated: it may be a pasted secret.
#[derive(Debug, Error)]
pub(super) enum CertificateError {
    #[error("the file in DATABASE_SSLROOTCERT (in the URL: sslrootcert) cannot be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("the file in DATABASE_SSLROOTCERT (in the URL: sslrootcert) holds no certificate in PEM format")]
    NotPem,
}

pub(super) fn pool<DB: Database>(options: Options) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
}

/// What a new connection must lead to before it enters a pool.
pub(super) trait CheckConnection: Send + Sync + 'static {
    /// # Errors
    /// If it leads elsewhere.
    fn check(&self, connection: &mut PgConnection) -> impl Future<Output = Result<(), SqlxError>> + Send;
}

/// Any server will do.
impl CheckConnection for () {
    async fn check(&self, _: &mut PgConnection) -> Result<(), SqlxError> {
        Ok(())
    }
}

/// A pool whose connections let the server cancel statements in time. A statement sets that, because poolers such as
/// PgBouncer refuse it, or ignore it, as a parameter of the connection.
pub(super) fn postgres_pool(options: Options, check: Arc<impl CheckConnection>) -> PoolOptions<Postgres> {
    let set_timeout = format!(
        "set statement_timeout = {}",
        statement_timeout(options).as_millis()
    );
    let set_timeout: Arc<str> = set_timeout.into();

    pool(options).after_connect(move |connection: &mut PgConnection, _| {
        let (set_timeout, check) = (AssertSqlSafe(Arc::clone(&set_timeout)), Arc::clone(&check));
        Box::pin(async move {
            connection.execute(set_timeout).await?;
            check.check(connection).await
        })
    })
}

pub(super) fn postgres(
    address: &PostgresAddress,
    server: &Server,
    options: Options,
) -> Result<PgConnectOptions, CertificateError> {
    let connect = PgConnectOptions::new_without_pgpass()
        .port(server.port)
        // Empty instead of none, which would be the one in PGPASSWORD.
        .password(address.password.as_deref().unwrap_or_default())
        .application_name(options.application_name)
        // PgBouncer refuses it. The default of PostgreSQL 12 is exact as well.
        .extra_float_digits(None);

    let connect = match &address.user {
        Some(user) => connect.username(user),
        None => connect,
    };
    let database = address.database.as_deref();
    let database = database.unwrap_or_else(|| connect.get_username()).to_owned();
    let connect = match &server.host {
        Host::Name(name) => connect.host(name),
        Host::Ip(ip) => connect.host(&ip.to_string()),
        Host::SocketFolder(folder) => connect.host("localhost").socket(folder),
    };

    let connect = tls(connect.database(&database), &address.tls, &server.host)?;
    Ok(logged(connect, options))
}

fn tls(mut connect: PgConnectOptions, tls: &Tls, host: &Host) -> Result<PgConnectOptions, CertificateError> {
    connect = connect.ssl_mode(match tls.mode_for(host) {
        // PostgreSQL has no TLS on Unix sockets, and libpq ignores the mode there.
        _ if matches!(host, Host::SocketFolder(_)) => PgSslMode::Disable,
        SslMode::Disable => PgSslMode::Disable,
        // The driver's own `Allow` never encrypts.
        SslMode::Allow | SslMode::Prefer => PgSslMode::Prefer,
        SslMode::Require => PgSslMode::Require,
        SslMode::VerifyCa => PgSslMode::VerifyCa,
        SslMode::VerifyFull => PgSslMode::VerifyFull,
    });

    if let Some(file) = &tls.root_certificate {
        // Read once: the driver would read the file again for each connection.
        let pem = fs::read(file)?;
        if !pem.windows(CERTIFICATE.len()).any(|window| window == CERTIFICATE) {
            return Err(CertificateError::NotPem);
        }
        connect = connect.ssl_root_cert_from_pem(pem);
    }
    if let Some(file) = &tls.client_certificate {
        connect = connect.ssl_client_cert(file);
    }
    if let Some(file) = &tls.client_key {
        connect = connect.ssl_client_key(file);
    }
    Ok(connect)
}

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// In WAL mode readers and the writer do not block each other. `NORMAL` keeps every committed write when the process
/// dies.
pub(super) fn sqlite(address: &SqliteAddress, options: Options) -> SqliteConnectOptions {
    let connect = SqliteConnectOptions::new()
        // SQLite would take a name that begins with `file:` for a URI, which may ask for a database in memory.
        .filename(Path::new(".").join(&address.file))
        .create_if_missing(address.mode == SqliteMode::Create)
        .read_only(address.mode == SqliteMode::ReadOnly)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(statement_timeout(options));
    let connect = match address.mode {
        SqliteMode::Create | SqliteMode::ReadWrite => connect.journal_mode(SqliteJournalMode::Wal),
        SqliteMode::ReadOnly => connect,
    };

    logged(connect, options)
}

/// The database's own limit, so that it can cancel a statement before the caller drops the connection.
fn statement_timeout(options: Options) -> std::time::Duration {
    options.statement_timeout * 9 / 10
}

fn logged<C: ConnectOptions>(connect: C, options: Options) -> C {
    if options.log_statements {
        connect.log_statements(log::LevelFilter::Debug)
    } else {
        connect.disable_statement_logging()
    }
}

/// Warns once, at the start, of a connection that can be read or taken over on its way.
pub(super) fn warn_if_unprotected(address: &PostgresAddress) {
    let Some(remote) = address.servers.iter().find(|server| !server.host.is_local()) else {
        return;
    };

    match address.tls.mode_for(&remote.host) {
        mode if mode.permits_cleartext() => tracing::warn!(
            database = %address,
            "the password and the data may cross the network unencrypted; with DATABASE_SSLMODE=require or verify-full \
             they cannot"
        ),
        SslMode::VerifyCa => tracing::warn!(
            database = %address,
            "sslmode verify-ca accepts every server with a certificate of a public authority too; verify-full also \
             checks the host"
        ),
        _ => {}
    }
}
