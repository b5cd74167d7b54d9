//! What is decided about a request by where it came from and whom it asked for, before anything else happens.

use poem::{
    Request, Response,
    http::{HeaderMap, uri::Scheme},
};

use crate::{
    http::host::{self, Host, Malformed},
    http::problem::{Problem, Violation},
    middleware::allowed_hosts::AllowedHosts,
    middleware::cors::{AllowedOrigins, Permission},
    middleware::forwarded::{Forwarded, TrustedProxies},
    middleware::security_headers as security,
};

/// Whom the service believes.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The hosts it answers to.
    pub hosts: AllowedHosts,
    /// The proxies whose word on the client, the scheme and the host counts.
    pub proxies: TrustedProxies,
    /// The origins whose scripts may read answers; with none, there is no CORS.
    pub origins: AllowedOrigins,
}

/// A request at the door.
pub(crate) struct Entry {
    /// The answer where there is nothing left to serve: a refusal, or that to a preflight.
    pub(crate) answer: Option<Result<Response, Problem>>,
    secure: bool,
    permission: Option<Permission>,
}

impl Entry {
    /// Adds what browsers are told, whatever the answer is.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        security::add(headers, self.secure);
        if let Some(permission) = self.permission {
            permission.add(headers);
        }
    }
}

impl Trust {
    /// Hears what a trusted proxy tells, then looks at host and origin.
    pub(crate) fn enter(&self, request: &mut Request) -> Entry {
        Forwarded::attach(request, &self.proxies);
        let permission = self.origins.permission(request);
        let answer = match self.admit(request) {
            Err(refusal) => Some(Err(refusal)),
            Ok(()) => permission
                .as_ref()
                .and_then(|permission| permission.preflight(request))
                .map(Ok),
        };
        Entry {
            answer,
            secure: *Forwarded::scheme(request) == Scheme::HTTPS,
            permission,
        }
    }

    /// Refuses a request for a host that is not ours: both the one it names itself and the one that its proxy says it
    /// named. Neither is repeated, in answer or log. A request of HTTP/1.0 that names none is let in.
    ///
    /// # Errors
    /// 400, which is also what RFC 9112, 3.2 demands for a missing, a malformed and a second Host header.
    fn admit(&self, request: &Request) -> Result<(), Problem> {
        if let Some(host) = host::named(request).map_err(malformed)? {
            self.check(Some(host), "/Host")?;
        }
        let check_told = |told| self.check(Host::parse_with_port(told), "/X-Forwarded-Host");
        Forwarded::host(request).map_or(Ok(()), check_told)
    }

    fn check(&self, host: Option<Host<'_>>, pointer: &'static str) -> Result<(), Problem> {
        match host {
            Some(host) if self.hosts.allows(host) => Ok(()),
            Some(_) => Err(refusal(
                "this service does not answer to the host that was asked for; ALLOWED_HOSTS lists those it answers to",
                Violation::new(pointer, "must be a host of this service"),
            )),
            None => Err(refusal(
                "the host is not valid",
                Violation::new(pointer, WELL_FORMED),
            )),
        }
    }
}

const WELL_FORMED: &str = "must be a host name or address, with an optional port";

fn refusal(detail: &'static str, violation: Violation) -> Problem {
    Problem::bad_request(detail, vec![violation])
}

fn malformed(why: Malformed) -> Problem {
    let reason = match why {
        Malformed::Missing => "is missing",
        Malformed::MoreThanOne => "is there more than once",
        Malformed::Invalid => WELL_FORMED,
    };
    refusal("the Host header is not valid", Violation::new("/Host", reason))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use poem::{
        Addr, Body, RequestParts,
        http::{self, uri::Scheme},
        web::{LocalAddr, RemoteAddr},
    };
    use proptest::prelude::*;

    use super::*;
    use crate::ClientAddress;

    fn trust() -> Trust {
        Trust {
            hosts: "example.com,.example.org".parse().expect("hosts"),
            proxies: "10.0.0.0/8".parse().expect("proxies"),
            origins: AllowedOrigins::default(),
        }
    }

    fn from(peer: &str, headers: &[(&'static str, &str)]) -> Request {
        let mut request = http::Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let peer: SocketAddr = peer.parse().expect("an address");
        let parts = (
            parts,
            LocalAddr::default(),
            RemoteAddr(Addr::SocketAddr(peer)),
            Scheme::HTTP,
        );
        Request::from_parts(RequestParts::from(parts), Body::empty())
    }

    fn admit(request: &mut Request) -> bool {
        trust().enter(request).answer.is_none()
    }

    const TOLD: [(&str, &str); 4] = [
        ("host", "example.com"),
        ("x-forwarded-host", "www.example.org:8443"),
        ("x-forwarded-proto", "HTTPS"),
        ("x-forwarded-for", "6.6.6.6, 192.0.2.7"),
    ];

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        for (peer, host, scheme, client) in [
            (
                "10.1.2.3:4711",
                Some("www.example.org:8443"),
                Scheme::HTTPS,
                "192.0.2.7",
            ),
            (
                "[::ffff:10.1.2.3]:4711",
                Some("www.example.org:8443"),
                Scheme::HTTPS,
                "192.0.2.7",
            ),
            ("11.1.2.3:4711", None, Scheme::HTTP, "11.1.2.3"),
            ("[2001:db8::1]:4711", None, Scheme::HTTP, "2001:db8::1"),
        ] {
            let mut request = from(peer, &TOLD);
            assert!(admit(&mut request), "both hosts are ours");
            assert_eq!(Forwarded::host(&request), host, "{peer}");
            assert_eq!(Forwarded::scheme(&request), &scheme, "{peer}");
            let client = Some(ClientAddress(client.parse().expect("an address")));
            assert_eq!(ClientAddress::of(&request), client, "{peer}");
        }
    }

    #[test]
    fn what_a_proxy_passes_on_is_checked_too() {
        let host = ("host", "example.com");
        for told in [
            "evil.example.net",
            "evil\"<script>",
            "",
            "example.com, evil.net",
            "example.com\u{e9}",
        ] {
            let mut request = from("10.1.2.3:1", &[host, ("x-forwarded-host", told)]);
            assert!(!admit(&mut request), "{told}");
            let mut request = from("11.1.2.3:1", &[host, ("x-forwarded-host", told)]);
            assert!(admit(&mut request), "{told} from nobody we believe is nothing");
        }
        let mut request = from(
            "10.1.2.3:1",
            &[("host", "evil.net"), ("x-forwarded-host", "example.com")],
        );
        assert!(
            !admit(&mut request),
            "the host that the request names is checked as well"
        );
    }

    #[test]
    fn the_last_value_is_the_one_our_proxy_wrote() {
        let all = [
            ("host", "example.com"),
            ("x-forwarded-host", "evil.net"),
            ("x-forwarded-host", "evil.net, www.example.org"),
            ("x-forwarded-proto", "http , https"),
        ];
        let mut request = from("10.1.2.3:1", &all);
        assert!(admit(&mut request));
        assert_eq!(Forwarded::host(&request), Some("www.example.org"));
        assert_eq!(Forwarded::scheme(&request), &Scheme::HTTPS);
    }

    proptest! {
        #[test]
        fn whatever_a_proxy_passes_on_is_ours_or_refused(
            host in "\\PC{0,30}|([a-zA-Z]{1,3}[.])?example[.](com|org|net)[.]?(:[0-9]{0,6})?(, ?[a-z.:]{0,9})?",
            scheme in "\\PC{0,9}|https?(, ?https?)?",
            client in "\\PC{0,30}|[0-9a-f.:\\[\\], ]{0,30}",
        ) {
            let told = [("x-forwarded-host", &*host), ("x-forwarded-proto", &*scheme), ("x-forwarded-for", &*client)];
            let mut request = from("10.1.2.3:1", &[&[("host", "example.com")], &told[..]].concat());
            if admit(&mut request) {
                let host = Forwarded::host(&request).expect("a host").to_ascii_lowercase();
                prop_assert!(host.starts_with("example.com") || host.contains("example.org"), "{}", host);
                prop_assert!(!host.bytes().any(|byte| b" ,/\"<>\r\n".contains(&byte)), "{}", host);
            }
            prop_assert!([Scheme::HTTP, Scheme::HTTPS].contains(Forwarded::scheme(&request)));
            prop_assert!(ClientAddress::of(&request).is_some());
        }
    }

    #[test]
    fn a_scheme_that_is_none_is_left_out() {
        for scheme in ["", "wss", "https://", "https\t;x", "javascript"] {
            let mut request = from(
                "10.1.2.3:1",
                &[("host", "example.com"), ("x-forwarded-proto", scheme)],
            );
            assert!(admit(&mut request));
            assert_eq!(Forwarded::scheme(&request), &Scheme::HTTP, "{scheme}");
        }
    }
}
