//! Layer: requests for other hosts than those of the service are rejected.

use std::{net::IpAddr, str::FromStr};

use poem::{Request, Response};

use super::{
    forwarded::Forwarded,
    layer::{Layer, Rejection},
};
use crate::http::{
    host::{self, Host, HostError},
    problem::{Problem, Violation},
};

/// The hosts that requests may name, after Django's `ALLOWED_HOSTS`. A host that an attacker chose would otherwise end up
/// in the URLs of responses, and in caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Name(String),
    /// `.example.com`: the name after the dot and its subdomains. Stored with the dot.
    Domain(String),
    Address(IpAddr),
}

/// The text is not a list of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of host names, addresses, .names and *")]
pub struct ParseAllowedHostsError;

/// Names and addresses, `.example.com` for a name and its subdomains, `*` for all, separated by commas. Without ports:
/// they are not compared.
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
    /// The names of the machine itself: `localhost` and its subdomains, the loopback addresses, and the address listened
    /// on unless that is the unspecified address.
    pub fn local(listen: IpAddr) -> Self {
        let loopback = [
            IpAddr::from([127, 0, 0, 1]),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ];
        let address = Some(listen).filter(|listen| !listen.is_unspecified() && !loopback.contains(listen));

        let localhost = Pattern::Domain(".localhost".to_owned());
        let addresses = loopback.into_iter().chain(address).map(Pattern::Address);
        Self([localhost].into_iter().chain(addresses).collect())
    }

    /// An allowed host: this address if it is allowed, else the first of the list.
    pub fn prefer(&self, address: IpAddr) -> String {
        let preferred = Host::Address(address);
        if self.allow(preferred) {
            return preferred.to_string();
        }

        match self.0.first() {
            Some(Pattern::Name(name)) => name.clone(),
            Some(Pattern::Domain(name)) => name.trim_start_matches('.').to_owned(),
            Some(Pattern::Address(address)) => Host::Address(*address).to_string(),
            Some(Pattern::Any) | None => preferred.to_string(),
        }
    }

    /// Names match in any case, addresses however they are written. Allocates nothing: every request passes here.
    fn allow(&self, host: Host<'_>) -> bool {
        self.0.iter().any(|pattern| match (pattern, host) {
            (Pattern::Any, _) => true,
            (Pattern::Name(name), Host::Name(host)) => name.eq_ignore_ascii_case(host),
            (Pattern::Domain(name), Host::Name(host)) => is_in_domain(name, host),
            (Pattern::Address(address), Host::Address(host)) => *address == host,
            _ => false,
        })
    }
}

impl Pattern {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::Any);
        }
        // Without ports, bare IPv6 addresses are unambiguous, so they need no brackets.
        if let Ok(address) = entry.parse() {
            return Some(Self::Address(address));
        }

        match (Host::parse(entry), entry.strip_prefix('.').and_then(Host::parse)) {
            (Some(Host::Address(address)), _) => Some(Self::Address(address)),
            (Some(Host::Name(name)), _) => Some(Self::Name(name.to_owned())),
            (None, Some(Host::Name(name))) => Some(Self::Domain(format!(".{name}"))),
            (None, _) => None,
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
/// Both hosts are checked: the one that the request names and the one that a trusted proxy reports. Neither is repeated,
/// in response or log. An HTTP/1.0 request that names no host is let through.
pub(crate) struct AllowedHostsLayer(pub(crate) AllowedHosts);

impl Layer for AllowedHostsLayer {
    type State = ();

    fn before(&self, request: &mut Request) -> Result<(), Rejection> {
        if let Some(host) = host::requested_host(request).map_err(host_problem)? {
            self.check(Some(host), "/Host")?;
        }
        if let Some(host) = Forwarded::host(request) {
            self.check(Host::parse_with_port(host), "/X-Forwarded-Host")?;
        }
        Ok(())
    }

    fn after(&self, (): (), _: &mut Response) {}
}

impl AllowedHostsLayer {
    fn check(&self, host: Option<Host<'_>>, pointer: &'static str) -> Result<(), Problem> {
        match host {
            Some(host) if self.0.allow(host) => Ok(()),
            Some(_) => Err(rejection(
                "this service does not serve the requested host; ALLOWED_HOSTS lists the hosts that it serves",
                Violation::new(pointer, "must be a host of this service"),
            )),
            None => Err(rejection(
                "the host is not valid",
                Violation::new(pointer, EXPECTED_HOST),
            )),
        }
    }
}

const EXPECTED_HOST: &str = "must be a host name or address, with an optional port";

fn rejection(detail: &'static str, violation: Violation) -> Problem {
    Problem::bad_request(detail, vec![violation])
}

fn host_problem(error: HostError) -> Problem {
    let reason = match error {
        HostError::Missing => "is missing",
        HostError::MoreThanOne => "is there more than once",
        HostError::Invalid => EXPECTED_HOST,
    };

    rejection("the Host header is not valid", Violation::new("/Host", reason))
}

#[cfg(test)]
mod tests;
