//! The parameters of a URL.

use super::ParseAddressError as Error;

/// The parameters of a PostgreSQL URL, by their names in libpq.
pub(super) const PARAMETERS: [&str; 10] = [
    "dbname",
    "host",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
];

/// Parameters of libpq, of the driver and of SQLite that have no meaning here. Only these names are repeated in an error.
const UNSUPPORTED: [&str; 32] = [
    "application_name",
    "cache",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "gsslib",
    "hostaddr",
    "immutable",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "options",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslpassword",
    "sslsni",
    "statement-cache-capacity",
    "tcp_user_timeout",
    "vfs",
];

/// How many letters of a misspelt name may differ.
const MAX_DISTANCE: usize = 2;

/// The parameters, numbered from 1.
pub(super) fn split_parameters(parameters: &str) -> impl Iterator<Item = (usize, &str)> {
    let parameters = parameters.split('&').filter(|parameter| !parameter.is_empty());
    (1..).zip(parameters)
}

/// The error for a name that is not one of the `known`. Only names from the lists here are repeated.
pub(super) fn unknown_parameter(position: usize, name: &str, known: &[&'static str]) -> Error {
    if let Some(name) = UNSUPPORTED.into_iter().find(|unsupported| *unsupported == name) {
        return Error::UnsupportedParameter(name);
    }

    let distance = |known: &&'static str| strsim::damerau_levenshtein(known, &name.to_ascii_lowercase());
    let nearest = known.iter().copied().min_by_key(|known| distance(known));
    match nearest {
        Some(nearest) if distance(&nearest) <= MAX_DISTANCE => Error::MisspeltParameter(position, nearest),
        _ => Error::UnknownParameter(position),
    }
}

/// Sets a part that must not be set yet.
pub(super) fn set<T>(part: &mut Option<T>, name: &'static str, value: T) -> Result<(), Error> {
    match part.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::Duplicate(name)),
    }
}
