//! Why a database cannot be opened, as a reason that an operator understands, without user and password.

use std::{fmt::Display, io::ErrorKind};

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError};

use super::{
    address::Address,
    pooler::{self, REFUSES_PGOPTIONS, SHARES_SESSIONS},
};

pub(super) const NO_RESPONSE: &str = "no response in time";
const NO_TLS: &str = "the server does not offer TLS. It is required, so that the password does not cross the network \
                      unencrypted: turn TLS on in the server, or, where the network is trusted, set \
                      DATABASE_SSLMODE=prefer (in the URL: sslmode=prefer)";

/// The error of a call, for an operator.
pub(super) fn reason(error: &DbErr, address: &Address) -> String {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => NO_RESPONSE.to_owned(),
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => driver_reason(error, address),
        other => other.to_string(),
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

/// The server's message, unless it names the user, as it does for a wrong password: with a misspelt URL, a part of the
/// password may be in the place of the user. Nor is a server trusted not to repeat the password.
fn database_reason(code: &str, message: &str, address: &Address) -> String {
    match code {
        "28P01" => return "the server does not accept the user or the password".to_owned(),
        "28000" => {
            return "the server does not accept this user: there is no such role, or pg_hba.conf has no entry that lets \
                    it connect from here in this way"
                .to_owned();
        }
        "08P01" if message == "unsupported startup parameter: options" => {
            return format!("{message}; {REFUSES_PGOPTIONS}");
        }
        _ => {}
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
