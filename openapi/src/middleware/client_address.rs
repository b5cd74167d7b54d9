//! Where a request really came from.

use std::net::{IpAddr, SocketAddr};

use poem::{
    Request,
    http::{HeaderMap, HeaderName},
};

use crate::middleware::forwarded::TrustedProxies;

/// The address of the client behind a request: the peer's, or what trusted proxies tell about theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl ClientAddress {
    /// The client of a request that passed the edge. `None` only for one that did not come over IP.
    pub fn of(request: &Request) -> Option<Self> {
        request.data().copied().or_else(|| Self::peer(request))
    }

    /// Who is at the other end of the connection. A listener on all of IPv6 sees IPv4 peers as `::ffff:192.0.2.1`;
    /// they are who they are.
    pub(crate) fn peer(request: &Request) -> Option<Self> {
        let peer = request.remote_addr().as_socket_addr()?;
        Some(Self(peer.ip().to_canonical()))
    }

    /// Goes back from hop to hop, as far as trust reaches: each proxy appends who spoke to it, so what stands left of
    /// the first address that is nobody's proxy was written by whoever is there. What is not an address, such as
    /// `unknown`, ends the way as well: the last hop known for sure stands for the client.
    pub(crate) fn behind(peer: Self, headers: &HeaderMap, proxies: &TrustedProxies) -> Self {
        let values = headers.get_all(&X_FORWARDED_FOR).iter().rev();
        let mut client = peer;
        for hop in values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')) {
            let Some(address) = address(hop) else { break };
            client = Self(address);
            if !proxies.trust(client) {
                break;
            }
        }
        client
    }
}

/// An address; some proxies add the port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop
        .strip_prefix('[')
        .and_then(|hop| hop.strip_suffix(']'))
        .unwrap_or(hop);
    let address = bare
        .parse()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn behind(lines: &[&[u8]]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&X_FORWARDED_FOR, HeaderValue::from_bytes(line).expect("a header"));
        }
        let proxies = "10.0.0.0/8,2001:db8::/32".parse().expect("proxies");
        ClientAddress::behind(ClientAddress(ip("10.0.0.1")), &headers, &proxies).0
    }

    #[test]
    fn the_right_most_address_that_is_no_proxy_is_the_client() {
        for (lines, client) in [
            (&[][..], "10.0.0.1"),
            (&["192.0.2.7"], "192.0.2.7"),
            (&["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
            (&["6.6.6.6, 192.0.2.7 ,10.2.3.4"], "192.0.2.7"),
            (&["6.6.6.6, 192.0.2.7", "10.2.3.4, 2001:db8::7"], "192.0.2.7"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["[2001:db9::1]:4711"], "2001:db9::1"),
            (&["[2001:db9::1]"], "2001:db9::1"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(behind(&lines), ip(client), "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_way() {
        for (line, client) in [
            (&b"unknown"[..], "10.0.0.1"),
            (b"", "10.0.0.1"),
            (b",,", "10.0.0.1"),
            (b"192.0.2.7, 1.2.3, 10.0.0.8", "10.0.0.8"),
            (b"192.0.2.7\t;drop, 10.0.0.8", "10.0.0.8"),
            (b"192.0.2.7, \xff, 10.0.0.8", "10.0.0.8"),
        ] {
            assert_eq!(behind(&[line]), ip(client), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_a_client_writes_hides_its_address(written in "[ -~]{0,80}|((6[.]6[.]6|10[.]0[.]0)[.][0-9],? ?){0,4}") {
            let line = written + ", 192.0.2.7, 10.0.0.8";
            prop_assert_eq!(behind(&[line.as_bytes()]), ip("192.0.2.7"));
        }

        #[test]
        fn no_line_makes_the_reader_panic(written in proptest::collection::vec(any::<u8>(), 0..80)) {
            if HeaderValue::from_bytes(&written).is_ok() {
                behind(&[&written]);
            }
        }
    }
}
