//! The address of a database as a URL, strictly: what RFC 3986 wants percent-encoded must be, and every parameter must be
//! known.

use std::path::PathBuf;

use super::{
    Address, DEFAULT_PORT, Host, ParseAddressError as Error, Part, PostgresAddress, Servers, SqliteAddress,
    SqliteMode, TargetSessionAttrs, Tls,
    parameters::{PARAMETERS, set, split_parameters, unknown_parameter},
    percent::decode,
    server::{parse_hosts, parse_ports, split_port},
};

/// SQLite's name for a database in memory, which each connection would have for itself.
const IN_MEMORY: &str = ":memory:";

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
    if file == IN_MEMORY {
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

    let file = decode(file, b"/!$&'()*+,;=", Part::File)?;
    if file == IN_MEMORY {
        return Err(Error::SqliteInMemory);
    }
    Ok(SqliteAddress {
        file: file.into(),
        mode: mode.unwrap_or_default(),
    })
}

fn postgres(place: &str, parameters: &str) -> Result<PostgresAddress, Error> {
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    if path.contains('@') || parameters.contains('@') {
        return Err(Error::AtSign);
    }
    let (credentials, servers) = match authority.rsplit_once('@') {
        Some((credentials, _)) if credentials.contains('@') => {
            return Err(Error::Unescaped(Part::Credentials));
        }
        Some((credentials, servers)) => (Some(credentials), servers),
        None => (None, authority),
    };

    let mut parts = Parts::default();
    if let Some(credentials) = credentials {
        parts.set_credentials(credentials)?;
    }
    parts.set_servers(servers)?;
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
        servers: Servers::new(
            parts.hosts.ok_or(Error::NoHost)?,
            &parts.ports.unwrap_or_default(),
        )?,
        target_session_attrs: parts.target_session_attrs,
        user: parts.user,
        password: parts.password,
        database: parts.database,
        tls: parts.tls,
    })
}

/// What was read so far.
#[derive(Default)]
struct Parts {
    hosts: Option<Vec<Host>>,
    /// One for all hosts, or one for each.
    ports: Option<Vec<u16>>,
    target_session_attrs: Option<TargetSessionAttrs>,
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

    /// The hosts, if there are any, and the ports if one of them is given.
    fn set_servers(&mut self, servers: &str) -> Result<(), Error> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for server in servers.split(',') {
            let (host, port) = split_port(server)?;
            hosts.push(host);
            ports.push(port);
        }

        if ports.iter().any(Option::is_some) {
            let or_default = |port: Option<u16>| port.unwrap_or(DEFAULT_PORT);
            self.ports = Some(ports.into_iter().map(or_default).collect());
        }
        if hosts != [""] {
            let host = |text: &str| -> Result<Host, Error> { Ok(decode(text, b"[]:", Part::Host)?.parse()?) };
            self.hosts = Some(hosts.into_iter().map(host).collect::<Result<_, _>>()?);
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
                let hosts = parse_hosts(&text)?;
                if matches!(self.hosts.as_deref(), Some([Host::Name(name)]) if name == "localhost") {
                    self.hosts = None;
                }
                set(&mut self.hosts, name, hosts)
            }
            "port" => {
                let ports = parse_ports(&text).map_err(|_| Error::Port)?;
                set(&mut self.ports, name, ports)
            }
            "user" => set(&mut self.user, name, text),
            "password" => set(&mut self.password, name, text),
            "dbname" => set(&mut self.database, name, text),
            "target_session_attrs" => set(&mut self.target_session_attrs, name, text.parse()?),
            "sslmode" => set(&mut self.tls.mode, name, text.parse()?),
            "sslrootcert" => set(&mut self.tls.root_certificate, name, PathBuf::from(text)),
            "sslcert" => set(&mut self.tls.client_certificate, name, PathBuf::from(text)),
            _ => set(&mut self.tls.client_key, name, PathBuf::from(text)),
        }
    }
}
