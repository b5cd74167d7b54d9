//! Layer: how clients reach the service, by configuration or as trusted proxies report it.

use std::sync::Arc;

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, uri::Scheme},
};

use super::{
    client_address::ClientAddress,
    layer::{Layer, Rejection},
    trusted_proxies::TrustedProxies,
};
use crate::http::public_url::{PublicUrl, parse_prefix};

static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Attaches the [`PublicUrl`] to every request, and [`Forwarded`] and the [`ClientAddress`] to those whose peer is a
/// trusted proxy.
pub(crate) struct ForwardedLayer {
    pub(crate) proxies: TrustedProxies,
    pub(crate) public_url: Option<Arc<PublicUrl>>,
}

impl Layer for ForwardedLayer {
    type State = ();

    fn before(&self, request: &mut Request) -> Result<(), Rejection> {
        let Self { proxies, public_url } = self;
        if let Some(url) = public_url {
            request.set_data(Arc::clone(url));
        }

        let Some(peer) = ClientAddress::peer(request).filter(|peer| proxies.contain(peer.0)) else {
            return Ok(());
        };

        let client = ClientAddress::behind(peer, request.headers(), proxies);
        let forwarded = Forwarded::parse(request.headers());
        request.set_data(client);
        request.set_data(forwarded);
        Ok(())
    }

    fn after(&self, (): (), _: &mut Response) {}
}

/// What a trusted proxy reports about a request. Only a request from such a proxy has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forwarded {
    scheme: Option<Scheme>,
    host: Option<String>,
    prefix: Option<String>,
}

impl Forwarded {
    /// A scheme that is neither http nor https is left out: the scheme of the connection then applies, so a request is
    /// never reported as HTTPS when it may not be. A prefix that is not a path is left out too. A host is taken as it is;
    /// the `allowed_hosts` layer checks it.
    pub(super) fn parse(headers: &HeaderMap) -> Self {
        let scheme = last_value(headers, &X_FORWARDED_PROTO).and_then(|scheme| {
            [Scheme::HTTPS, Scheme::HTTP]
                .into_iter()
                .find(|known| scheme.eq_ignore_ascii_case(known.as_str().as_bytes()))
        });
        let host =
            last_value(headers, &X_FORWARDED_HOST).map(|host| String::from_utf8_lossy(host).into_owned());

        let prefix = last_value(headers, &X_FORWARDED_PREFIX)
            .and_then(|prefix| parse_prefix(std::str::from_utf8(prefix).ok()?))
            .map(str::to_owned);

        Self { scheme, host, prefix }
    }

    /// The scheme alone.
    pub(super) fn into_scheme(self) -> Option<Scheme> {
        self.scheme
    }

    /// `host[:port]` as a trusted proxy reports it for this request. Handlers see only allowed hosts here.
    pub(crate) fn host(request: &Request) -> Option<&str> {
        request.data::<Self>()?.host.as_deref()
    }

    /// The path under which a trusted proxy serves the service, without a final slash: empty if it reports none.
    pub(crate) fn prefix(request: &Request) -> &str {
        let forwarded = request.data::<Self>();
        forwarded
            .and_then(|forwarded| forwarded.prefix.as_deref())
            .unwrap_or_default()
    }

    /// How clients reach the service, `http` or `https`: as [`PublicUrl`] says, else as a trusted proxy reports it for
    /// this request, else by the connection.
    pub(crate) fn scheme(request: &Request) -> &Scheme {
        let configured = PublicUrl::of(request).map(|url| url.scheme());
        let reported = || request.data::<Self>()?.scheme.as_ref();

        configured.or_else(reported).unwrap_or_else(|| request.scheme())
    }
}

/// The last of several values, within a line or over several lines, is the one that our own proxy wrote. Those before it
/// may be the client's, so a chain of proxies must pass on what the first one set instead of adding to it.
fn last_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let line = headers.get_all(name).iter().next_back()?;
    line.as_bytes()
        .rsplit(|byte| *byte == b',')
        .next()
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use poem::{
        Addr, Body, RequestParts, http,
        web::{LocalAddr, RemoteAddr},
    };
    use proptest::prelude::*;

    use super::*;

    const HEADERS: [(&str, &str); 4] = [
        ("x-forwarded-host", "www.example.org:8443"),
        ("x-forwarded-proto", "HTTPS"),
        ("x-forwarded-for", "6.6.6.6, 192.0.2.7"),
        ("x-forwarded-prefix", "/evil, /ours/"),
    ];

    /// A request as it leaves the layer, which trusts 10.0.0.0/8.
    fn forwarded(peer: &str, headers: &[(&'static str, &str)]) -> Request {
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
        let mut request = Request::from_parts(RequestParts::from(parts), Body::empty());

        let layer = ForwardedLayer {
            proxies: "10.0.0.0/8".parse().expect("proxies"),
            public_url: None,
        };
        assert!(layer.before(&mut request).is_ok(), "this layer rejects nothing");
        request
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
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
            let request = forwarded(peer, &HEADERS);

            assert_eq!(Forwarded::host(&request), host, "{peer}");
            assert_eq!(Forwarded::scheme(&request), &scheme, "{peer}");
            let prefix = host.map_or("", |_| "/ours");
            assert_eq!(Forwarded::prefix(&request), prefix, "{peer}");
            let client = Some(ClientAddress(client.parse().expect("an address")));
            assert_eq!(ClientAddress::of(&request), client, "{peer}");
        }
    }

    #[test]
    fn last_value_is_the_one_that_the_proxy_wrote() {
        let request = forwarded(
            "10.1.2.3:1",
            &[
                ("x-forwarded-host", "evil.net"),
                ("x-forwarded-host", "evil.net, www.example.org"),
                ("x-forwarded-proto", "http , https"),
            ],
        );

        assert_eq!(Forwarded::host(&request), Some("www.example.org"));
        assert_eq!(Forwarded::scheme(&request), &Scheme::HTTPS);
    }

    #[test]
    fn unknown_schemes_are_ignored() {
        for scheme in ["", "wss", "https://", "https\t;x", "javascript"] {
            let request = forwarded("10.1.2.3:1", &[("x-forwarded-proto", scheme)]);
            assert_eq!(Forwarded::scheme(&request), &Scheme::HTTP, "{scheme}");
        }
    }

    #[test]
    fn prefixes_that_are_no_paths_are_ignored() {
        for prefix in [
            "",
            "/",
            "ours",
            "//evil.example",
            "https://evil.example",
            "/a/../b",
            "/a\tb",
        ] {
            let request = forwarded("10.1.2.3:1", &[("x-forwarded-prefix", prefix)]);
            assert_eq!(Forwarded::prefix(&request), "", "{prefix}");
        }
    }

    proptest! {
        #[test]
        fn any_headers_give_a_known_scheme_and_a_client(
            scheme in "\\PC{0,9}|https?(, ?https?)?",
            client in "\\PC{0,30}|[0-9a-f.:\\[\\], ]{0,30}",
        ) {
            let request = forwarded(
                "10.1.2.3:1",
                &[("x-forwarded-proto", &scheme), ("x-forwarded-for", &client)],
            );

            prop_assert!([Scheme::HTTP, Scheme::HTTPS].contains(Forwarded::scheme(&request)));
            prop_assert!(ClientAddress::of(&request).is_some());
        }
    }
}
