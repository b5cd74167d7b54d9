//! Configuration: defaults, then an optional TOML file, then the environment. Everything that is wrong is reported at
//! once.
//!
//! # Adding a variable
//! 1. Describe it in [`VARIABLES`].
//! 2. Give it a field below and read it in [`Config::load`].
//! 3. List it in `environment.env` and in the README; tests say how.

mod database;
mod http;
mod reader;
mod sources;
mod variables;

use std::{
    ffi::OsString,
    fmt,
    net::{IpAddr, SocketAddr},
    num::{NonZeroU8, NonZeroU16, NonZeroUsize},
    path::{Path, PathBuf},
    thread,
};

use adapters::syslog;
use tracing::Level;
use url::Host;

pub use database::{Database, StoreUrl};
pub use http::Http;
pub use reader::Problems;
use reader::Reader;
pub use variables::{VARIABLES, Variable};

/// All there is to configure.
#[derive(Debug)]
pub struct Config {
    /// `LISTEN_ADDR`
    pub listen: SocketAddr,
    /// `WORKER_THREADS`
    pub worker_threads: NonZeroUsize,
    /// `DATABASE_*`, `POSTGRES_*`, `MIGRATE_ON_START`
    pub database: Database,
    /// `API_TOKENS_FILE`
    pub tokens: Option<PathBuf>,
    /// `ALLOWED_HOSTS`, `TRUSTED_PROXIES`, `CORS_ALLOWED_ORIGINS`, `*_SECONDS`, `MAX_CONCURRENT_REQUESTS`, `MAX_CONNECTIONS`, `RATE_LIMIT_*`
    pub http: Http,
    /// `LOG_*`, `CONSOLE_LOGS`, `SYSLOG_*`
    pub logs: Logs,
    /// Every variable with its effective value, for `templatesite config`.
    effective: Vec<(&'static Variable, Option<String>)>,
}

/// How to log.
#[derive(Debug, Clone)]
pub struct Logs {
    /// `LOG_LEVEL`, `DEBUG_MODE`
    pub level: Level,
    /// `LOG_FORMAT=json`
    pub json: bool,
    /// `CONSOLE_LOGS`
    pub console: bool,
    /// `SYSLOG_*`
    pub syslog: Option<syslog::Server>,
}

impl Logs {
    fn read(read: &mut Reader) -> Option<Self> {
        let level = read.with("LOG_LEVEL", level);
        let json = read.with("LOG_FORMAT", |text| match text {
            "text" => Some(false),
            "json" => Some(true),
            _ => None,
        });
        let console = read.switch("CONSOLE_LOGS");
        let debug = read.switch("DEBUG_MODE");
        let host = read.with("SYSLOG_HOST", host);
        let port = read.parsed::<NonZeroU16>("SYSLOG_PORT");
        let protocol = read.with("SYSLOG_PROTOCOL", |text| match text {
            "udp" => Some(syslog::Protocol::Udp),
            "tcp" => Some(syslog::Protocol::Tcp),
            _ => None,
        });
        let (port, protocol) = (port?.get(), protocol?);
        Some(Self {
            level: if debug? { level?.max(Level::DEBUG) } else { level? },
            json: json?,
            console: console?,
            syslog: host.map(|host| syslog::Server { host, port, protocol }),
        })
    }
}

impl Config {
    /// Reads the file, if one is named, and these variables. With the configuration come warnings about variables that
    /// look as if they were meant for us.
    ///
    /// # Errors
    /// All [`Problems`] there are.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(Self, Vec<String>), Problems> {
        let (values, warnings) = sources::gather(file, environment)?;
        let mut read = Reader::new(values);
        let listen = read.parsed("LISTEN_ADDR");
        let worker_threads = worker_threads(&mut read);
        let http = Http::read(&mut read, listen);
        let database = Database::read(&mut read, http.as_ref().map(|http| http.request_timeout));
        let tokens = read.text("API_TOKENS_FILE").map(PathBuf::from);
        let logs = Logs::read(&mut read);
        let effective = read.finish()?;
        // Nothing is missing when nothing is wrong: every variable without a value of its own has a default.
        let config = (|| {
            Some(Self {
                listen: listen?,
                worker_threads: worker_threads?,
                database: database?,
                tokens,
                http: http?,
                logs: logs?,
                effective,
            })
        })();
        config
            .map(|config| (config, warnings))
            .ok_or_else(|| Problems::one("a variable has no default".to_owned()))
    }
}

fn worker_threads(read: &mut Reader) -> Option<NonZeroUsize> {
    let set = read
        .optional::<NonZeroU8>("WORKER_THREADS")?
        .map(NonZeroUsize::from);
    set.or_else(|| Some(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)))
}

/// By exact name: tracing's own parser also takes numbers and any case.
fn level(text: &str) -> Option<Level> {
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
    levels
        .into_iter()
        .find(|level| level.as_str().to_lowercase() == text)
}

/// A name or an address alone: with a port or a scheme it would be looked up, as a whole, for ever.
fn host(text: &str) -> Option<String> {
    (text.parse::<IpAddr>().is_ok() || Host::parse(text).is_ok()).then(|| text.to_owned())
}

/// One `NAME=value` a line, as an environment file has it; what is not set stands in a comment, and so do secrets.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# the store is {:?}", self.database.place)?;
        for (variable, value) in &self.effective {
            match value {
                Some(_) if variable.secret => writeln!(f, "# {} is set, and secret", variable.name)?,
                Some(value) => writeln!(f, "{}={}", variable.name, value.escape_debug())?,
                None => writeln!(f, "# {} is not set", variable.name)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syslog(variables: &[(&str, &str)]) -> Result<Option<syslog::Server>, String> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Config::load(None, variables)
            .map(|(config, _)| config.logs.syslog)
            .map_err(|all| all.to_string())
    }

    #[test]
    fn there_is_a_syslog_server_when_its_host_is_named() {
        assert_eq!(
            syslog(&[("SYSLOG_HOST", ""), ("SYSLOG_PROTOCOL", "tcp")]),
            Ok(None)
        );
        for host in ["log", "log.example.org", "my_log", "127.0.0.1", "::1"] {
            let udp = syslog::Server {
                host: host.to_owned(),
                port: 514,
                protocol: syslog::Protocol::Udp,
            };
            assert_eq!(syslog(&[("SYSLOG_HOST", host)]), Ok(Some(udp)));
        }
        let tcp = syslog(&[
            ("SYSLOG_HOST", "log"),
            ("SYSLOG_PORT", "601"),
            ("SYSLOG_PROTOCOL", "tcp"),
        ]);
        assert_eq!(
            tcp.map(|server| server.map(|server| server.to_string())),
            Ok(Some("log port 601 (TCP)".into()))
        );
    }

    #[test]
    fn a_syslog_server_that_cannot_be_meant_is_refused() {
        for (name, value) in [
            ("SYSLOG_HOST", "log:514"),
            ("SYSLOG_HOST", "udp://log"),
            ("SYSLOG_HOST", "a log"),
            ("SYSLOG_PORT", "0"),
            ("SYSLOG_PORT", "65536"),
            ("SYSLOG_PROTOCOL", "UDP"),
        ] {
            let problems = syslog(&[(name, value)]).expect_err(value);
            assert!(
                problems.contains(&format!("{name} is {value:?}; allowed is ")),
                "{problems}"
            );
        }
    }
}
