//! Why a database cannot be opened, as a reason that an operator understands, without user and password.

use std::{fmt::Display, io::ErrorKind};

use sea_orm::{
    ConnAcquireErr, DbErr, SqlxError,
    sqlx::postgres::{PgDatabaseError, PgSeverity},
};

use super::{
    address::Address,
    error::driver_error,
    pooler::{self, REFUSES_PGOPTIONS, SHARES_SESSIONS},
};

/// Instead of the driver's message about a response that it does not understand, which repeats parts of it.
const UNEXPECTED_RESPONSE: &str =
    "the server responds as no PostgreSQL server does that this service can use";

pub(super) const NO_RESPONSE: &str = "no response in time";
const NO_TLS: &str = "the server does not offer TLS. It is required, so that the password does not cross the network \
                      unencrypted: turn TLS on in the server, or, where the network is trusted, set \
                      DATABASE_SSLMODE=prefer (in the URL: sslmode=prefer)";

/// An error for the log. A server that refuses or ends a connection may repeat the user and even the password in its
/// message, so only its SQLSTATE is told.
pub(crate) fn describe(error: &DbErr) -> String {
    let error_of_server = driver_error(error).and_then(SqlxError::as_database_error);
    let error_of_postgres = error_of_server.and_then(|error| error.try_downcast_ref::<PgDatabaseError>());

    // Before it has let the service in, a server may give its error any severity.
    let is_connecting = matches!(error, DbErr::Conn(_));
    match error_of_postgres {
        Some(fatal) if is_connecting || matches!(fatal.severity(), PgSeverity::Fatal | PgSeverity::Panic) => {
            let meaning = refused_login(fatal.code()).or(match fatal.code() {
                "3D000" => Some("the database does not exist"),
                "53300" => Some("there are too many connections"),
                "57P01" | "57P02" | "57P05" => Some("the connection was ended"),
                "57P03" => Some("the server is starting or stopping"),
                _ => None,
            });
            let meaning = meaning.map(|meaning| format!(": {meaning}")).unwrap_or_default();
            let code = fatal.code().escape_debug();
            format!("the server refused or ended the connection, SQLSTATE {code}{meaning}")
        }
        _ if matches!(driver_error(error), Some(SqlxError::Protocol(_))) => UNEXPECTED_RESPONSE.to_owned(),
        _ => error.to_string(),
    }
}

/// The error of a call, for an operator.
pub(super) fn reason(error: &DbErr, address: &Address) -> String {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => NO_RESPONSE.to_owned(),
        _ => driver_error(error).map_or_else(|| error.to_string(), |error| driver_reason(error, address)),
    }
}

/// The error of a connection, for an operator.
pub(super) fn driver_reason(error: &SqlxError, address: &Address) -> String {
    match error {
        SqlxError::PoolTimedOut => NO_RESPONSE.to_owned(),
        SqlxError::Database(error) => {
            if error.try_downcast_ref().is_some_and(pooler::is_another_statement) {
                return SHARES_SESSIONS.to_owned();
            }
            let code = error.code().unwrap_or_default();
            database_reason(&code, error.message(), address)
        }
        // How an untrusted certificate shows.
        SqlxError::Io(error) if error.kind() == ErrorKind::InvalidData => untrusted(error),
        SqlxError::Io(error) => error.to_string(),
        SqlxError::Protocol(_) => UNEXPECTED_RESPONSE.to_owned(),
        SqlxError::Tls(error) if error.to_string() == "server does not support TLS" => NO_TLS.to_owned(),
        SqlxError::Tls(error) => untrusted(error),
        other => other.to_string(),
    }
}

fn untrusted(error: &dyn Display) -> String {
    format!(
        "no trusted TLS connection: {error}. DATABASE_SSLROOTCERT names the authority that vouches for the server"
    )
}

/// What it means that a server does not let the service in.
fn refused_login(code: &str) -> Option<&'static str> {
    match code {
        "28P01" => Some("the server does not accept the user or the password"),
        "28000" => Some(
            "the server does not accept this user: there is no such role, or pg_hba.conf has no entry that lets it connect \
             from here in this way",
        ),
        _ => None,
    }
}

/// The server's message, unless it names the user, as it does for a wrong password: with a misspelt URL, a part of the
/// password may be in the place of the user. Nor is a server trusted not to repeat the password.
fn database_reason(code: &str, message: &str, address: &Address) -> String {
    if let Some(refused) = refused_login(code) {
        return refused.to_owned();
    }
    if code == "08P01" && message == "unsupported startup parameter: options" {
        return format!("{message}; {REFUSES_PGOPTIONS}");
    }

    let Address::Postgres(postgres) = address else {
        return message.to_owned();
    };
    let credentials = [&postgres.user, &postgres.password];
    let names_credentials = credentials
        .into_iter()
        .flatten()
        .any(|part| !part.is_empty() && message.contains(part.as_str()));
    if names_credentials {
        format!("the server reports SQLSTATE {}", code.escape_debug())
    } else {
        message.escape_debug().to_string()
    }
}
