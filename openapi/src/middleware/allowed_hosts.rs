//! Layer: requests for other hosts than those of the service are rejected.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use poem::{Request, Response, http::uri::Scheme};

use super::{
    forwarded::Forwarded,
    layer::{Layer, Rejection},
};
use crate::http::{
    host::{self, Authority, Host, HostError},
    problem::{Problem, ProblemType, Violation},
    public_url::PublicUrl,
};

/// The hosts that requests may name, after Django's `ALLOWED_HOSTS`. A host that an attacker chose would otherwise end
/// up in the URLs of responses, and in caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    host: HostPattern,
    /// `None` for any port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostPattern {
    Any,
    Name(String),
    /// `.example.com`: the name after the dot and its subdomains. Stored with the dot.
    Domain(String),
    Address(IpAddr),
}

/// The text is not a list of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of host names, addresses and .names, each with an optional port, or *")]
pub struct ParseAllowedHostsError;

/// Names and addresses, `.example.com` for a name and its subdomains, `*` for all, separated by commas. A port is
/// compared where an entry has one.
impl FromStr for AllowedHosts {
    type Err = ParseAllowedHostsError;

    fn from_str(list: &str) -> Result<Self, ParseAllowedHostsError> {
        list.split(',')
            .map(|entry| Pattern::parse(entry.trim()).ok_or(ParseAllowedHostsError))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl AllowedHosts {
    /// The names of the machine itself: `localhost` and its subdomains, the loopback addresses, and the address
    /// listened on unless that is the unspecified address.
    pub fn local(listen: IpAddr) -> Self {
        let loopback = [
            IpAddr::from([127, 0, 0, 1]),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ];
        let address = Some(listen).filter(|listen| !listen.is_unspecified() && !loopback.contains(listen));

        let localhost = HostPattern::Domain(".localhost".to_owned());
        let addresses = loopback.into_iter().chain(address).map(HostPattern::Address);
        Self([localhost].into_iter().chain(addresses).map(any_port).collect())
    }

    /// The same hosts and that of the public URL, with any port: no URL in a response shows the requested one.
    #[must_use]
    pub fn and_public_url(mut self, url: &PublicUrl) -> Self {
        let host = url.host().map(HostPattern::from).map(any_port);
        self.0.extend(host);
        self
    }

    /// An allowed host with a port, for a request to this address over HTTP: the address itself if it is allowed, else
    /// the first of the list.
    pub fn prefer(&self, address: SocketAddr) -> String {
        let preferred = Authority {
            host: Host::Address(address.ip()),
            port: Some(address.port()),
        };
        if self.allow(preferred, &Scheme::HTTP) {
            return preferred.to_string();
        }

        let Some(Pattern { host, port }) = self.0.first() else {
            return preferred.to_string();
        };
        let host = match host {
            HostPattern::Name(name) => name.clone(),
            HostPattern::Domain(name) => name.trim_start_matches('.').to_owned(),
            HostPattern::Address(address) => Host::Address(*address).to_string(),
            HostPattern::Any => preferred.host.to_string(),
        };
        format!("{host}:{}", port.unwrap_or(address.port()))
    }

    /// Without a port, the host is that of the scheme's default port. Allocates nothing: every request passes here.
    fn allow(&self, requested: Authority<'_>, scheme: &Scheme) -> bool {
        let default_port = if *scheme == Scheme::HTTPS { 443 } else { 80 };
        let requested_port = requested.port.unwrap_or(default_port);

        self.0.iter().any(|pattern| {
            pattern.port.is_none_or(|port| port == requested_port) && pattern.host.matches(requested.host)
        })
    }
}

fn any_port(host: HostPattern) -> Pattern {
    Pattern { host, port: None }
}

impl Pattern {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(any_port(HostPattern::Any));
        }
        // A bare IPv6 address has no port, so it needs no brackets.
        if let Ok(address) = entry.parse() {
            return Some(any_port(HostPattern::Address(address)));
        }

        if let Some(Authority { host, port }) = Authority::parse(entry) {
            return Some(Self {
                host: host.into(),
                port,
            });
        }
        match Authority::parse(entry.strip_prefix('.')?)? {
            Authority {
                host: Host::Name(name),
                port,
            } => Some(Self {
                host: HostPattern::Domain(format!(".{name}")),
                port,
            }),
            _ => None,
        }
    }
}

impl HostPattern {
    /// Names match in any case, addresses however they are written.
    fn matches(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Name(name), Host::Name(host)) => name.eq_ignore_ascii_case(host),
            (Self::Domain(name), Host::Name(host)) => is_in_domain(name, host),
            (Self::Address(address), Host::Address(host)) => *address == host,
            _ => false,
        }
    }
}

impl From<Host<'_>> for HostPattern {
    fn from(host: Host<'_>) -> Self {
        match host {
            Host::Name(name) => Self::Name(name.to_owned()),
            Host::Address(address) => Self::Address(address),
        }
    }
}

/// `domain` begins with a dot.
fn is_in_domain(domain: &str, host: &str) -> bool {
    let is_domain_itself = domain
        .get(1..)
        .is_some_and(|name| name.eq_ignore_ascii_case(host));
    let end = host
        .len()
        .checked_sub(domain.len())
        .and_then(|start| host.get(start..));

    is_domain_itself || end.is_some_and(|end| end.eq_ignore_ascii_case(domain))
}

/// Rejects requests for other hosts with 400, as it does malformed `Host` headers (RFC 9112, 3.2).
///
/// Both hosts are checked: the one that the request names and the one that a trusted proxy reports. Neither is
/// repeated, in response or log. An HTTP/1.0 request that names no host is let through.
pub(crate) struct AllowedHostsLayer(pub(crate) AllowedHosts);

impl Layer for AllowedHostsLayer {
    type State = ();

    fn before(&self, request: &mut Request) -> Result<(), Rejection> {
        let scheme = Forwarded::scheme(request);
        if let Some(host) = host::requested_host(request).map_err(host_problem)? {
            self.check(Some(host), scheme, "/Host")?;
        }
        if let Some(host) = Forwarded::host(request) {
            self.check(Authority::parse(host), scheme, "/X-Forwarded-Host")?;
        }
        Ok(())
    }

    fn after(&self, (): (), _: &mut Response) {}
}

impl AllowedHostsLayer {
    fn check(
        &self,
        host: Option<Authority<'_>>,
        scheme: &Scheme,
        pointer: &'static str,
    ) -> Result<(), Problem> {
        match host {
            Some(host) if self.0.allow(host, scheme) => Ok(()),
            Some(_) => Err(rejection(Violation::new(
                pointer,
                "must be a host of this service",
            ))),
            None => {
                Err(rejection(Violation::new(pointer, EXPECTED_HOST)).with_detail("the host is not valid"))
            }
        }
    }
}

const EXPECTED_HOST: &str = "must be a host name or address, with an optional port";

fn rejection(violation: Violation) -> Problem {
    Problem::new(ProblemType::HOST_NOT_ALLOWED).with_errors(vec![violation])
}

fn host_problem(error: HostError) -> Problem {
    let reason = match error {
        HostError::Missing => "is missing",
        HostError::MoreThanOne => "is there more than once",
        HostError::Invalid => EXPECTED_HOST,
    };

    rejection(Violation::new("/Host", reason)).with_detail("the Host header is not valid")
}

#[cfg(test)]
mod tests;
