//! The address of the client behind a request.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use poem::{
    Request,
    http::{HeaderMap, HeaderName},
};

use super::trusted_proxies::TrustedProxies;

/// The address of the client behind a request: that of the peer, or the one that trusted proxies report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a connection. A listener on all IPv6 addresses sees IPv4 peers as `::ffff:192.0.2.1`; they are the
/// same clients.
impl From<SocketAddr> for ClientAddress {
    fn from(peer: SocketAddr) -> Self {
        Self(peer.ip().to_canonical())
    }
}

impl ClientAddress {
    /// What limits per client count by: the address or, for IPv6, its /64 network, since a client can use all the
    /// addresses in it. A translator between the two versions of IP puts all of IPv4 into one /64 network (RFC 6052, 2.1);
    /// those clients are their IPv4 addresses.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => match address.segments() {
                [0x64, 0xff9b, 0, 0, 0, 0, ..] => Ipv4Addr::from(u128::from(address) as u32).into(),
                _ => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
            },
        }
    }

    /// The address as text. IPv4 is written without the formatter, because every access line has it.
    pub(crate) fn to_text(self) -> String {
        let IpAddr::V4(address) = self.0 else {
            return self.0.to_string();
        };

        let mut text = String::with_capacity("255.255.255.255".len());
        for octet in address.octets() {
            let digit = |value: u8| char::from(b'0' + value % 10);
            if !text.is_empty() {
                text.push('.');
            }
            if octet >= 100 {
                text.push(digit(octet / 100));
            }
            if octet >= 10 {
                text.push(digit(octet / 10));
            }
            text.push(digit(octet));
        }
        text
    }

    /// The client of a request that passed the `forwarded` layer. `None` only if the request did not come over IP.
    pub fn of(request: &Request) -> Option<Self> {
        request.data().copied().or_else(|| Self::peer(request))
    }

    /// The other end of the connection.
    pub(crate) fn peer(request: &Request) -> Option<Self> {
        let peer = request.remote_addr().as_socket_addr()?;
        Some(Self::from(*peer))
    }

    /// Follows `X-Forwarded-For` from right to left as long as the address is a trusted proxy. Each proxy appends its
    /// peer, so everything left of the first address that is not a trusted proxy was written by that client. An entry
    /// that is not an address, such as `unknown`, ends the search too: the last hop known for sure is then taken as the client.
    pub(crate) fn behind(peer: Self, headers: &HeaderMap, proxies: &TrustedProxies) -> Self {
        let values = headers.get_all(&X_FORWARDED_FOR).iter().rev();
        let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));

        let mut client = peer;
        for hop in hops {
            let Some(address) = parse_address(hop) else { break };
            client = Self(address);
            if !proxies.contain(address) {
                break;
            }
        }
        client
    }
}

/// An address, with or without a port: some proxies add it.
fn parse_address(hop: &[u8]) -> Option<IpAddr> {
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

    fn client_behind(lines: &[&[u8]]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&X_FORWARDED_FOR, HeaderValue::from_bytes(line).expect("a header"));
        }

        let proxies = "10.0.0.0/8,2001:db8::/32".parse().expect("proxies");
        ClientAddress::behind(ClientAddress(ip("10.0.0.1")), &headers, &proxies).0
    }

    #[test]
    fn client_with_an_ipv6_network_is_one_client() {
        for (address, network) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:3::", "2001:db8:1:3::"),
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
        ] {
            let peer = SocketAddr::new(ip(address), 4711);
            assert_eq!(ClientAddress::from(peer).network(), ip(network), "{address}");
        }
    }

    #[test]
    fn rightmost_address_that_is_not_a_proxy_is_the_client() {
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
            assert_eq!(client_behind(&lines), ip(client), "{lines:?}");
        }
    }

    #[test]
    fn entry_that_is_not_an_address_ends_the_search() {
        for (line, client) in [
            (&b"unknown"[..], "10.0.0.1"),
            (b"", "10.0.0.1"),
            (b",,", "10.0.0.1"),
            (b"192.0.2.7, 1.2.3, 10.0.0.8", "10.0.0.8"),
            (b"192.0.2.7\t;drop, 10.0.0.8", "10.0.0.8"),
            (b"192.0.2.7, \xff, 10.0.0.8", "10.0.0.8"),
        ] {
            assert_eq!(client_behind(&[line]), ip(client), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn text_is_that_of_the_formatter(address in any::<IpAddr>()) {
            prop_assert_eq!(ClientAddress(address).to_text(), address.to_string());
        }

        #[test]
        fn clients_cannot_hide_their_address(written in "[ -~]{0,80}|((6[.]6[.]6|10[.]0[.]0)[.][0-9],? ?){0,4}") {
            let line = written + ", 192.0.2.7, 10.0.0.8";

            prop_assert_eq!(client_behind(&[line.as_bytes()]), ip("192.0.2.7"));
        }

        #[test]
        fn parsing_never_panics(written in proptest::collection::vec(any::<u8>(), 0..80)) {
            if HeaderValue::from_bytes(&written).is_ok() {
                client_behind(&[&written]);
            }
        }
    }
}
