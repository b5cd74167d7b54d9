//! Hosts in requests and in the configuration (RFC 3986, 3.2.2).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use poem::{
    Request,
    http::{Version, header},
};

/// A host name without its final dot, or an IP address. It is safe in responses and log lines: it contains no user
/// info, path, quote, white space or control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    Name(&'a str),
    Address(IpAddr),
}

impl<'a> Host<'a> {
    /// Parses `host`; an IPv6 address must be in brackets.
    pub(crate) fn parse(host: &'a str) -> Option<Self> {
        if let Some(rest) = host.strip_prefix('[') {
            let address: Ipv6Addr = rest.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }

        let name = host.strip_suffix('.').unwrap_or(host);
        match name.parse() {
            Ok(IpAddr::V4(address)) => Some(Self::Address(address.into())),
            _ => is_name(name).then_some(Self::Name(name)),
        }
    }
}

/// `host[:port]`, as in a Host header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    pub(crate) host: Host<'a>,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Parses `host[:port]`, without user info; an IPv6 address must be in brackets.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let end = if text.starts_with('[') {
            text.find(']')? + 1
        } else {
            text.find(':').unwrap_or(text.len())
        };
        let (host, port) = text.split_at_checked(end)?;

        let port = match port.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if port.is_empty() => None,
            None => return None,
        };
        let host = Host::parse(host)?;
        Some(Self { host, port })
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => self.host.fmt(f),
        }
    }
}

/// RFC 1123 has no underscores in host names, but container engines use them.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(allowed);

    name.len() <= 253 && name.split('.').all(is_label)
}

/// `parse` alone would accept a sign.
fn parse_port(port: &str) -> Option<u16> {
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { port.parse().ok() } else { None }
}

/// The host of a request breaks the rules of RFC 9112, 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostError {
    Missing,
    MoreThanOne,
    Invalid,
}

/// `host[:port]` as it is written in the request's target or else in its Host header (RFC 9112, 3.2.2). It may be any
/// text until [`requested_host`] has parsed it.
pub(crate) fn raw_host(request: &Request) -> Option<&str> {
    target(request).or_else(|| request.headers().get(header::HOST)?.to_str().ok())
}

fn target(request: &Request) -> Option<&str> {
    request.uri().authority().map(|authority| authority.as_str())
}

/// The host and port that a request names, parsed from the same place as [`raw_host`]; `None` if an HTTP/1.0 request names none.
/// It is well-formed, but not yet checked against the allowed hosts.
pub(crate) fn requested_host(request: &Request) -> Result<Option<Authority<'_>>, HostError> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (Some(_), Some(_)) => return Err(HostError::MoreThanOne),
        (Some(value), None) => Some(value.to_str().map_err(|_| HostError::Invalid)?),
        (None, _) if request.version() == Version::HTTP_11 => return Err(HostError::Missing),
        (None, _) => None,
    };

    // Both must be well-formed, although only one is used.
    let parse = |text| Authority::parse(text).ok_or(HostError::Invalid);
    let header = header.map(parse).transpose()?;
    let target = target(request).map(parse).transpose()?;

    Ok(target.or(header))
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderValue, Uri};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_addresses_are_parsed_with_or_without_a_port() {
        let loopback = Host::Address([127, 0, 0, 1].into());
        let six = Host::Address("::1".parse().expect("an address"));

        for (text, host, port) in [
            ("example.org", Host::Name("example.org"), None),
            ("example.org.:8000", Host::Name("example.org"), Some(8000)),
            ("my_server:80", Host::Name("my_server"), Some(80)),
            ("127.0.0.1", loopback, None),
            ("127.0.0.1.:080", loopback, Some(80)),
            ("[::1]", six, None),
            ("[0:0::0:1]:65535", six, Some(65535)),
        ] {
            assert_eq!(Authority::parse(text), Some(Authority { host, port }), "{text}");
        }
    }

    #[test]
    fn malformed_hosts_are_rejected() {
        let long = "x".repeat(254);
        let malformed = [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a:",
            "a:b",
            "a:+1",
            "a:65536",
            "a:1:2",
            ":80",
            "::1",
            "[::1",
            "[::1]80",
            "[]",
            "[::1%eth0]",
            "[::1].",
            "[127.0.0.1]",
            "a b",
            "a/b",
            "u@a",
            "a?b",
            "a#b",
            "é",
            "a\tb",
            "a,b",
            "<a>",
            "*",
            "\"a\"",
            "a\\b",
            "a%41",
            &long,
        ];

        for text in malformed {
            assert_eq!(Authority::parse(text), None, "{text:?}");
        }
    }

    fn request(hosts: &[&str], target: &str, version: Version) -> Request {
        let uri: Uri = target.parse().expect("a target");
        let mut request = Request::builder().uri(uri).version(version).finish();
        for host in hosts {
            request
                .headers_mut()
                .append(header::HOST, HeaderValue::from_str(host).expect("a header"));
        }

        request
    }

    #[test]
    fn a_request_names_one_host_and_its_target_takes_precedence() {
        let requested = |hosts: &[&str], target, version| {
            let request = request(hosts, target, version);
            let text = requested_host(&request)?.map(|host| {
                let text = raw_host(&request).expect("a host");
                assert_eq!(Authority::parse(text), Some(host));
                text.to_owned()
            });

            Ok(text)
        };

        let absolute = "http://target:81/x";
        assert_eq!(
            requested(&["a"], "/x", Version::HTTP_11),
            Ok(Some("a".to_owned()))
        );
        assert_eq!(
            requested(&["a"], absolute, Version::HTTP_11),
            Ok(Some("target:81".to_owned()))
        );
        assert_eq!(
            requested(&["a/b"], absolute, Version::HTTP_11),
            Err(HostError::Invalid)
        );
        assert_eq!(
            requested(&["a"], "http://user@target/", Version::HTTP_11),
            Err(HostError::Invalid)
        );
        assert_eq!(
            requested(&["a", "a"], "/x", Version::HTTP_11),
            Err(HostError::MoreThanOne)
        );
        assert_eq!(
            requested(&[], absolute, Version::HTTP_11),
            Err(HostError::Missing)
        );
        assert_eq!(
            requested(&[], absolute, Version::HTTP_2),
            Ok(Some("target:81".to_owned()))
        );
        assert_eq!(requested(&[], "/x", Version::HTTP_10), Ok(None));
    }

    proptest! {
        #[test]
        fn a_parsed_host_is_harmless_and_displays_as_itself(text in "\\PC{0,40}|[a-zA-Z0-9.:\\[\\]_-]{0,40}") {
            if let Some(authority) = Authority::parse(&text) {
                let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
                prop_assert!(text.bytes().all(harmless));
                let shown = authority.to_string();
                prop_assert_eq!(Authority::parse(&shown), Some(authority));
            }
        }

        #[test]
        fn every_address_is_parsed(address: IpAddr, port: u16) {
            let authority = Authority { host: Host::Address(address), port: Some(port) };
            let shown = authority.to_string();
            prop_assert_eq!(Authority::parse(&shown), Some(authority));
        }
    }
}
