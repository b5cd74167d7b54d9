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

    /// Parses `host[:port]`. The port must be valid and is then ignored: it does not identify the service.
    pub(crate) fn parse_with_port(text: &'a str) -> Option<Self> {
        let end = if text.starts_with('[') {
            text.find(']')? + 1
        } else {
            text.find(':').unwrap_or(text.len())
        };
        let (host, port) = text.split_at_checked(end)?;

        let port_is_valid = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        if port_is_valid { Self::parse(host) } else { None }
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

/// RFC 1123 has no underscores in host names, but container engines use them.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(allowed);

    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
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

/// The host that a request names, parsed from the same place as [`raw_host`]; `None` if an HTTP/1.0 request names none.
/// It is well-formed, but not yet checked against the allowed hosts.
pub(crate) fn requested_host(request: &Request) -> Result<Option<Host<'_>>, HostError> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (Some(_), Some(_)) => return Err(HostError::MoreThanOne),
        (Some(value), None) => Some(value.to_str().map_err(|_| HostError::Invalid)?),
        (None, _) if request.version() == Version::HTTP_11 => return Err(HostError::Missing),
        (None, _) => None,
    };

    // Both must be well-formed, although only one is used.
    let parse = |text| Host::parse_with_port(text).ok_or(HostError::Invalid);
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

        for (text, host) in [
            ("example.org", Host::Name("example.org")),
            ("example.org.:8000", Host::Name("example.org")),
            ("my_server:80", Host::Name("my_server")),
            ("127.0.0.1", loopback),
            ("127.0.0.1.:80", loopback),
            ("[::1]", six),
            ("[0:0::0:1]:65535", six),
        ] {
            assert_eq!(Host::parse_with_port(text), Some(host), "{text}");
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
            assert_eq!(Host::parse_with_port(text), None, "{text:?}");
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
                assert_eq!(Host::parse_with_port(text), Some(host));
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
            if let Some(host) = Host::parse_with_port(&text) {
                let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
                prop_assert!(text.bytes().all(harmless));
                let shown = host.to_string();
                prop_assert_eq!(Host::parse(&shown), Some(host));
            }
        }

        #[test]
        fn every_address_is_parsed(address: IpAddr, port: u16) {
            let host = Host::Address(address);
            let shown = format!("{host}:{port}");
            prop_assert_eq!(Host::parse_with_port(&shown), Some(host));
        }
    }
}
