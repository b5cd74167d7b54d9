//! Where the data is stored: by a URL, or by the parts of one.

use std::{fmt, path::PathBuf};

use adapters::database::{
    Address, Host, ParseAddressError, ParseHostError, PostgresAddress, Servers, SslMode, Tls, parse_hosts,
    parse_ports,
};

use super::{layers::Layer, reader::Reader};

pub(super) const SSL_MODE: &str = "DATABASE_SSLMODE";
pub(super) const SSL_ROOT_CERT: &str = "DATABASE_SSLROOTCERT";
const DEFAULT_SQLITE_URL: &str = "sqlite://service.db";

/// Where the data is stored. `Debug` shows it without the user and the password.
#[derive(Clone)]
pub enum StoreUrl {
    /// `memory:`, in the memory of the process. The data is lost when the process ends.
    Memory,
    /// `postgres://…` or `sqlite://…`.
    Sql(Address),
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sql(address) => fmt::Display::fmt(address, f),
        }
    }
}

/// The store, from the settings that say where it is and whether it is reached over TLS.
pub(super) fn read(reader: &mut Reader) -> Option<StoreUrl> {
    let url = if reader.is_set("DATABASE_URL") {
        let layer = reader.layer("DATABASE_URL");
        reader
            .parse_or_explain("DATABASE_URL", parse_url)
            .map(|url| (url, layer))
    } else {
        postgres_parts(reader).map(|url| (url, None))
    };

    let mode = reader.optional::<SslMode>(SSL_MODE);
    let root_certificate = reader.optional::<PathBuf>(SSL_ROOT_CERT).flatten();
    let (mut url, url_layer) = url?;
    if let StoreUrl::Sql(Address::Postgres(PostgresAddress { tls, .. })) = &mut url {
        override_part(reader, &mut tls.mode, mode?, (SSL_MODE, "sslmode"), url_layer);
        let root = (SSL_ROOT_CERT, "sslrootcert");
        override_part(
            reader,
            &mut tls.root_certificate,
            root_certificate,
            root,
            url_layer,
        );
    }

    Some(url)
}

/// Lets a variable win over a parameter of the URL from the same or an earlier layer. In the same layer, one of them is
/// too many.
fn override_part<T>(
    reader: &mut Reader,
    part: &mut Option<T>,
    value: Option<T>,
    (variable, parameter): (&'static str, &str),
    url_layer: Option<Layer>,
) {
    if value.is_none() {
        return;
    }

    let layer = reader.layer(variable);
    if part.is_some() && layer == url_layer {
        reader.problem(format!(
            "{variable} and the parameter `{parameter}` of DATABASE_URL are both set; remove one"
        ));
    }
    if part.is_none() || layer > url_layer {
        *part = value;
    }
}

/// The address in `POSTGRES_*`, whose values are taken literally, or the default.
fn postgres_parts(reader: &mut Reader) -> Option<StoreUrl> {
    let ports = reader.parse_with("POSTGRES_PORT", |ports| parse_ports(ports).ok());
    let (database, user) = (reader.string("POSTGRES_DB"), reader.string("POSTGRES_USER"));
    let password = reader.string("POSTGRES_PASSWORD");

    if !reader.is_set("POSTGRES_HOST") {
        if password.is_some() {
            reader.problem(
                "POSTGRES_PASSWORD is set, but neither POSTGRES_HOST nor DATABASE_URL is".to_owned(),
            );
        }
        return DEFAULT_SQLITE_URL.parse().ok().map(StoreUrl::Sql);
    }
    let hosts = reader.parse_or_explain("POSTGRES_HOST", explain_hosts);

    for name in ["POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"] {
        reader.parse_or_explain(name, |value| {
            let is_valid = !value.contains('\0');
            is_valid.then_some(()).ok_or("PostgreSQL's protocol has no NUL")
        });
    }
    let servers = match Servers::new(hosts?, &ports?) {
        Ok(servers) => servers,
        Err(error) => {
            reader.problem(format!("POSTGRES_HOST and POSTGRES_PORT do not match: {error}"));
            return None;
        }
    };

    Some(StoreUrl::Sql(Address::Postgres(PostgresAddress {
        servers,
        target_session_attrs: None,
        user: user.filter(|user| !user.is_empty()),
        password,
        database,
        tls: Tls::default(),
    })))
}

/// The hosts, or what to write instead.
fn explain_hosts(text: &str) -> Result<Vec<Host>, String> {
    if text.contains("://") {
        return Err("it must not be a URL: set DATABASE_URL to the URL instead".to_owned());
    }
    let is_list = text.contains(',');

    parse_hosts(text).map_err(|error| match error {
        ParseHostError::Address(_) | ParseHostError::Port if is_list => {
            "it must not contain ports: set POSTGRES_HOST to the hosts alone, and POSTGRES_PORT to their ports, in the \
             same order"
                .to_owned()
        }
        ParseHostError::Address(address) => format!(
            "it must not contain a port: set POSTGRES_HOST={} and POSTGRES_PORT={}",
            address.ip(),
            address.port()
        ),
        ParseHostError::Port => {
            "it must not contain a port: set POSTGRES_HOST to the name alone, and POSTGRES_PORT to the port"
                .to_owned()
        }
        error if is_list => format!("each host {error}"),
        error => format!("it {error}"),
    })
}

fn parse_url(text: &str) -> Result<StoreUrl, ParseAddressError> {
    if text == "memory:" {
        return Ok(StoreUrl::Memory);
    }
    text.parse().map(StoreUrl::Sql)
}
