//! Logs: their level, format and destinations.

use adapters::{database::Host, syslog};
use tracing::Level;

use super::{
    reader::Reader,
    variable::{BOOL, PORT, Section, Variable},
};

pub(super) const SECTION: Section = Section {
    title: "Logs",
    variables: &[
        Variable::new("LOG_LEVEL", "The least severe level that is logged.")
            .default("info")
            .expected("error, warn, info, debug or trace"),
        Variable::new(
            "LOG_FORMAT",
            "The format of a log line: plain text or a JSON object.",
        )
        .default("text")
        .expected("text or json"),
        Variable::new("CONSOLE_LOGS", "Whether to log to standard error.")
            .default("true")
            .expected(BOOL),
        Variable::new(
            "SYSLOG_HOST",
            "The syslog server to log to as well. If not set, none.",
        )
        .expected("a host name or an IP address"),
        Variable::new("SYSLOG_PORT", "The port of the syslog server.")
            .default("514")
            .expected(PORT),
        Variable::new("SYSLOG_PROTOCOL", "The transport protocol to the syslog server.")
            .default("udp")
            .expected("udp or tcp"),
        Variable::new(
            "DEBUG_MODE",
            "Whether to log at level debug at least, including SQL statements, whatever `LOG_LEVEL` is.",
        )
        .default("false")
        .expected(BOOL),
    ],
};

/// How to log.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// `LOG_LEVEL`, `DEBUG_MODE`
    pub level: Level,
    /// `LOG_FORMAT=json`
    pub json: bool,
    /// `CONSOLE_LOGS`
    pub console: bool,
    /// `SYSLOG_*`
    pub syslog: Option<syslog::Server>,
}

impl LogConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let level = reader.parse_with("LOG_LEVEL", parse_level);
        let json = reader.parse_with("LOG_FORMAT", |text| match text {
            "text" => Some(false),
            "json" => Some(true),
            _ => None,
        });
        let console = reader.bool("CONSOLE_LOGS");
        let debug = reader.bool("DEBUG_MODE");

        let host = reader.parse_with("SYSLOG_HOST", parse_host);
        let port = reader.port("SYSLOG_PORT");
        let protocol = reader.parse_with("SYSLOG_PROTOCOL", |text| match text {
            "udp" => Some(syslog::Protocol::Udp),
            "tcp" => Some(syslog::Protocol::Tcp),
            _ => None,
        });

        let (level, port, protocol) = (level?, port?, protocol?);
        Some(Self {
            level: if debug? { level.max(Level::DEBUG) } else { level },
            json: json?,
            console: console?,
            syslog: host.map(|host| syslog::Server { host, port, protocol }),
        })
    }
}

/// Exact names only: tracing's own parser also takes numbers and any case.
fn parse_level(text: &str) -> Option<Level> {
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];

    levels
        .into_iter()
        .find(|level| level.as_str().to_lowercase() == text)
}

/// A host name or an address only. With a port or a scheme, every look-up of the name would fail.
fn parse_host(text: &str) -> Option<String> {
    match text.parse() {
        Ok(Host::Name(_) | Host::Ip(_)) => Some(text.to_owned()),
        Ok(Host::SocketFolder(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use adapters::syslog::{Protocol, Server};

    use crate::config::Config;

    fn syslog(variables: &[(&str, &str)]) -> Result<Option<Server>, String> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));

        Config::load(None, variables)
            .map(|(config, _)| config.logs.syslog)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn syslog_is_used_if_its_host_is_set() {
        let unset = syslog(&[("SYSLOG_HOST", ""), ("SYSLOG_PROTOCOL", "tcp")]);
        assert_eq!(unset, Ok(None));

        for host in ["log", "log.example.org", "my_log", "127.0.0.1", "::1"] {
            let udp = Server {
                host: host.to_owned(),
                port: 514,
                protocol: Protocol::Udp,
            };
            assert_eq!(syslog(&[("SYSLOG_HOST", host)]), Ok(Some(udp)));
        }

        let tcp = syslog(&[
            ("SYSLOG_HOST", "log"),
            ("SYSLOG_PORT", "601"),
            ("SYSLOG_PROTOCOL", "tcp"),
        ]);
        let expected = Server {
            host: "log".to_owned(),
            port: 601,
            protocol: Protocol::Tcp,
        };
        assert_eq!(tcp, Ok(Some(expected)));
    }

    #[test]
    fn invalid_syslog_servers_are_reported() {
        for (name, value) in [
            ("SYSLOG_HOST", "log:514"),
            ("SYSLOG_HOST", "udp://log"),
            ("SYSLOG_HOST", "a log"),
            ("SYSLOG_PORT", "0"),
            ("SYSLOG_PORT", "65536"),
            ("SYSLOG_PROTOCOL", "UDP"),
        ] {
            let problems = syslog(&[(name, value)]).expect_err(value);
            assert!(problems.contains(&format!("{name} is ")), "{problems}");
        }
    }
}
