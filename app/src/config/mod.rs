//! Configuration: defaults, then an optional TOML file, then the environment; a later layer wins. All problems are
//! reported at once.
//!
//! # Adding a variable
//! 1. In the file of its concern, declare it in `SECTION`, give it a field and read it. A test fails for a variable that
//!    is declared and never read. Say whether `config` may print it, unless its form leaves no room for a secret: `.file()`,
//!    `.name()`, `.not_shown()` or `.secret()`.
//! 2. Refresh `docs/configuration.md` and `environment.env` with the commands that the failing tests print.

mod database;
mod generated_docs;
mod http;
mod layers;
mod logs;
mod names;
mod reader;
mod replicas;
mod sampler;
mod server;
mod sources;
mod store_url;
mod toml_file;
mod traces;
mod variable;
mod visibility;

use std::{ffi::OsString, fmt, path::Path};

use adapters::otlp;

pub use database::DatabaseConfig;
pub use generated_docs::{environment_file, markdown};
pub use http::HttpConfig;
pub use logs::LogConfig;
pub use reader::InvalidConfig;
use reader::{EffectiveValue, Reader};
pub use server::ServerConfig;
pub use store_url::StoreUrl;
pub use variable::{Section, Variable};
pub use visibility::shown_file;

/// The variables of all concerns, in the order in which people meet them.
pub const SECTIONS: &[Section] = &[
    server::SECTION,
    http::SECTION,
    database::SECTION,
    logs::SECTION,
    traces::SECTION,
];

/// All variables.
pub fn variables() -> impl Iterator<Item = &'static Variable> {
    SECTIONS.iter().flat_map(|section| section.variables)
}

/// The whole configuration. `Display` and `Debug` show it without secrets.
pub struct Config {
    /// The socket, the threads and the connections.
    pub server: ServerConfig,
    /// Which requests are accepted, and how many.
    pub http: HttpConfig,
    /// The store, and how to use it.
    pub database: DatabaseConfig,
    /// How to log.
    pub logs: LogConfig,
    /// How to trace; `None` if nothing is traced.
    pub traces: Option<otlp::Settings>,
    /// Every variable with its value, for the command `config`.
    effective: Vec<(&'static Variable, EffectiveValue)>,
}

impl Config {
    /// Reads the file, if one is given, and the environment. Returns the configuration and warnings about names that
    /// look like a variable of this service, but are not.
    ///
    /// # Errors
    /// [`InvalidConfig`] lists every invalid value.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(Self, Vec<String>), InvalidConfig> {
        let (values, warnings) = sources::load_sources(file, environment)?;
        let mut reader = Reader::new(values);

        let sections = read_sections(&mut reader);
        let effective = reader.finish()?;

        // Without problems, every section was read.
        let (server, http, database, logs, traces) =
            sections.ok_or_else(|| InvalidConfig::one("a variable has no default".to_owned()))?;

        let config = Self {
            server,
            http,
            database,
            logs,
            traces,
            effective,
        };
        Ok((config, warnings))
    }
}

type Sections = (
    ServerConfig,
    HttpConfig,
    DatabaseConfig,
    LogConfig,
    Option<otlp::Settings>,
);

/// Reads all sections, also if one of them has a problem, so that all problems are reported at once.
fn read_sections(reader: &mut Reader) -> Option<Sections> {
    let server = ServerConfig::read(reader);
    let http = HttpConfig::read(reader, server.as_ref().map(|server| server.listen.ip()));
    let database = DatabaseConfig::read(reader, http.as_ref().map(|http| http.request_timeout));
    let logs = LogConfig::read(reader);
    let traces = traces::read(reader);

    Some((server?, http?, database?, logs?, traces?))
}

/// One `NAME=value` per line, as in an environment file. Variables that are not set or not shown are comments.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# the data is stored in {:?}", self.database.url)?;
        if let Some(traces) = &self.traces {
            writeln!(f, "# spans are sent to {}", traces.endpoint)?;
        }

        for (variable, value) in &self.effective {
            let name = variable.name;
            match value {
                EffectiveValue::Unset => writeln!(f, "# {name} is not set")?,
                EffectiveValue::Shown(value) => writeln!(f, "{name}={}", value.escape_debug())?,
                EffectiveValue::Hidden if variable.is_secret => {
                    writeln!(f, "# {name} is set (not shown: it is a secret)")?;
                }
                EffectiveValue::Hidden => writeln!(f, "# {name} is set (not shown: it may be a secret)")?,
            }
        }

        Ok(())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
