//! The address of a database as a URL, strictly: what RFC 3986 wants percent-encoded must be, and every parameter must be
//! known.

use std::{path::PathBuf, str::FromStr};

use super::{
    Address, DEFAULT_PORT, Host, ParseAddressError as Error, ParseHostError, Part, PostgresAddress,
    SqliteAddress, SqliteMode, Tls,
    parameters::{PARAMETERS, set, split_parameters, unknown_parameter},
    percent::decode,
};

pub(super) fn parse(text: &str) -> Result<Address, Error> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| no_scheme(text))?;
    if !matches!(scheme, "postgres" | "postgresql" | "sqlite") {
        return Err(Error::Scheme);
    }
    if rest.contains('#') {
        return Err(Error::Fragment);
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Unescaped(Part::Url));
    }

    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    if scheme == "sqlite" {
        sqlite(place, parameters).map(Address::Sqlite)
    } else {
        postgres(place, parameters).map(Address::Postgres)
    }
}

fn no_scheme(text: &str) -> Error {
    if text.starts_with("sqlite::memory:") {
        Error::SqliteInMemory
    } else {
        Error::Scheme
    }
}

fn sqlite(file: &str, parameters: &str) -> Result<SqliteAddress, Error> {
    if file == ":memory:" {
        return Err(Error::SqliteInMemory);
    }
    if file.contains('@') || parameters.contains('@') {
        return Err(Error::AtSign);
    }
    if file.is_empty() {
        return Err(Error::NoFile);
    }

    let mut mode = None;
    for (position, parameter) in split_parameters(parameters) {
        let (name, value) = parameter.split_once('=').ok_or(Error::NoValue(position))?;
        if name != "mode" {
            return Err(unknown_parameter(position, name, &["mode"]));
        }
        let value = match value {
            "rwc" => SqliteMode::Create,
            "rw" => SqliteMode::ReadWrite,
            "ro" => SqliteMode::ReadOnly,
            "memory" => return Err(Error::SqliteInMemory),
            _ => return Err(Error::SqliteMode),
        };
        set(&mut mode, "mode", value)?;
    }

    Ok(SqliteAddress {
        file: decode(file, b"/!$&'()*+,;=", Part::File)?.into(),
        mode: mode.unwrap_or_default(),
    })
}

fn postgres(place: &str, parameters: &str) -> Result<PostgresAddress, Error> {
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    if path.contains('@') || parameters.contains('@') {
        return Err(Error::AtSign);
    }
    let (credentials, server) = match authority.rsplit_once('@') {
        Some((credentials, _)) if credentials.contains('@') => {
            return Err(Error::Unescaped(Part::Credentials));
        }
        Some((credentials, server)) => (Some(credentials), server),
        None => (None, authority),
    };

    let mut parts = Parts::default();
    if let Some(credentials) = credentials {
        parts.set_credentials(credentials)?;
    }
    parts.set_server(server)?;
    parts.set_database(path)?;

    for (position, parameter) in split_parameters(parameters) {
        let (name, value) = parameter.split_once('=').ok_or(Error::NoValue(position))?;
        let name = PARAMETERS
            .into_iter()
            .find(|known| *known == name)
            .ok_or_else(|| unknown_parameter(position, name, &PARAMETERS))?;
        parts.set_parameter(name, value)?;
    }

    Ok(PostgresAddress {
        host: parts.host.ok_or(Error::NoHost)?,
        port: parts.port.unwrap_or(DEFAULT_PORT),
        user: parts.user,
        password: parts.password,
        database: parts.database,
        tls: parts.tls,
    })
}

/// What was read so far.
#[derive(Default)]
struct Parts {
    host: Option<Host>,
    port: Option<u16>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    tls: Tls,
}

impl Parts {
    fn set_credentials(&mut self, credentials: &str) -> Result<(), Error> {
        let (user, password) = match credentials.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (credentials, None),
        };
        if !user.is_empty() {
            self.user = Some(decode(user, b"!$&'()*+,;=", Part::User)?);
        }
        if let Some(password) = password {
            self.password = Some(decode(password, b"!$&'()*+,;=:", Part::Password)?);
        }

        Ok(())
    }

    /// The host, and the port if there is one.
    fn set_server(&mut self, server: &str) -> Result<(), Error> {
        let end_of_ip = server.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match server[end_of_ip..].rfind(':') {
            Some(colon) => (
                &server[..end_of_ip + colon],
                Some(&server[end_of_ip + colon + 1..]),
            ),
            None => (server, None),
        };
        if let Some(port) = port {
            self.port = Some(parse_port(port)?);
        }
        if !host.is_empty() {
            // IPv6 without brackets cannot be told from a port.
            let is_bracketed = end_of_ip > 0;
            if !is_bracketed && host.contains(':') && !host.contains(',') {
                return Err(ParseHostError::Invalid.into());
            }
            self.host = Some(decode(host, b"[]:,", Part::Host)?.parse()?);
        }

        Ok(())
    }

    fn set_database(&mut self, path: &str) -> Result<(), Error> {
        if path.contains('/') {
            return Err(Error::Path);
        }
        if !path.is_empty() {
            self.database = Some(decode(path, b"", Part::Database)?);
        }

        Ok(())
    }

    fn set_parameter(&mut self, name: &'static str, value: &str) -> Result<(), Error> {
        if value.is_empty() {
            return Err(Error::Empty(name));
        }
        let text = decode(value, b"/:[],", Part::Parameter)?;

        match name {
            "host" => {
                // `postgres://localhost/…?host=/folder` is how libraries without empty hosts write Unix sockets.
                let host: Host = text.parse()?;
                if matches!(&self.host, Some(Host::Name(name)) if name == "localhost") {
                    self.host = None;
                }
                set(&mut self.host, name, host)
            }
            "port" => set(&mut self.port, name, parse_port(&text)?),
            "user" => set(&mut self.user, name, text),
            "password" => set(&mut self.password, name, text),
            "dbname" => set(&mut self.database, name, text),
            "sslmode" => set(&mut self.tls.mode, name, text.parse()?),
            "sslrootcert" => set(&mut self.tls.root_certificate, name, PathBuf::from(text)),
            "sslcert" => set(&mut self.tls.client_certificate, name, PathBuf::from(text)),
            _ => set(&mut self.tls.client_key, name, PathBuf::from(text)),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, Error> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = u16::from_str(text).ok().filter(|port| is_number && *port > 0);
    port.ok_or(Error::Port)
}
