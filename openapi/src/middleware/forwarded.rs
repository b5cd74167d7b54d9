//! What proxies tell about the requests they pass on, and which of them are believed.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;
use poem::{
    Request,
    http::{HeaderMap, HeaderName, uri::Scheme},
};

use crate::middleware::client_address::ClientAddress;

/// The proxies whose `X-Forwarded-*` headers count. From anybody else they are just something a client wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Text that is not a list of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of addresses and networks")]
pub struct ParseTrustedProxiesError;

/// Addresses (`192.0.2.1`) and networks (`10.0.0.0/8`) between commas. A network whose address has bits beyond its
/// length, `10.0.0.1/8`, is more likely a slip than meant, and none.
impl FromStr for TrustedProxies {
    type Err = ParseTrustedProxiesError;

    fn from_str(list: &str) -> Result<Self, ParseTrustedProxiesError> {
        let network = |entry: &str| match entry.parse::<IpAddr>() {
            Ok(address) => Some(IpNet::from(address)),
            Err(_) => entry
                .parse()
                .ok()
                .filter(|network: &IpNet| network.addr() == network.network()),
        };
        list.split(',')
            .map(|entry| network(entry.trim()).ok_or(ParseTrustedProxiesError))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TrustedProxies {
    pub(crate) fn trust(&self, address: ClientAddress) -> bool {
        self.0.iter().any(|network| network.contains(&address.0))
    }
}

static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What a trusted proxy told about a request: data of the request, which has it only then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forwarded {
    scheme: Option<Scheme>,
    host: Option<String>,
}

impl Forwarded {
    /// Attaches to the request what its proxy tells, and the [`ClientAddress`], if the peer is such a proxy.
    pub(crate) fn attach(request: &mut Request, proxies: &TrustedProxies) {
        let Some(peer) = ClientAddress::peer(request).filter(|peer| proxies.trust(*peer)) else {
            return;
        };
        let client = ClientAddress::behind(peer, request.headers(), proxies);
        let forwarded = Self::told(request.headers());
        request.set_data(client);
        request.set_data(forwarded);
    }

    /// A scheme that is neither http nor https is as good as none: the connection's own holds, which promises nothing
    /// that is not so. A host is kept as it came, for its check.
    fn told(headers: &HeaderMap) -> Self {
        let scheme = last(headers, &X_FORWARDED_PROTO).and_then(|scheme| {
            let known = [Scheme::HTTPS, Scheme::HTTP].into_iter();
            known
                .clone()
                .find(|known| scheme.eq_ignore_ascii_case(known.as_str().as_bytes()))
        });
        let host = last(headers, &X_FORWARDED_HOST).map(|host| String::from_utf8_lossy(host).into_owned());
        Self { scheme, host }
    }

    /// `host[:port]` as a trusted proxy gave it for this request. The edge lets none pass that is not allowed.
    pub(crate) fn host(request: &Request) -> Option<&str> {
        request.data::<Self>()?.host.as_deref()
    }

    /// How the client reached us, or the first trusted proxy: `http` or `https`.
    pub(crate) fn scheme(request: &Request) -> &Scheme {
        let told = request
            .data::<Self>()
            .and_then(|forwarded| forwarded.scheme.as_ref());
        told.unwrap_or_else(|| request.scheme())
    }
}

/// The last of several values, within a line or in lines, is the one that our own proxy wrote. Those before it may be
/// the client's, so a chain of proxies must pass on what the first one set instead of adding to it.
fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let line = headers.get_all(name).iter().next_back()?;
    line.as_bytes()
        .rsplit(|byte| *byte == b',')
        .next()
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn networks() -> impl Strategy<Value = Vec<(IpAddr, u8)>> {
        let longest = |address: IpAddr| if address.is_ipv4() { 32_u8 } else { 128 };
        vec(
            any::<IpAddr>().prop_flat_map(move |address| (Just(address), 0..=longest(address))),
            1..4,
        )
    }

    fn written(networks: &[(IpAddr, u8)]) -> String {
        let entries = networks
            .iter()
            .map(|(address, length)| format!(" {address}/{length}"));
        entries.collect::<Vec<_>>().join(",")
    }

    /// An address' bits, the first one highest.
    fn bits(address: IpAddr) -> u128 {
        match address {
            IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
            IpAddr::V6(address) => address.to_bits(),
        }
    }

    fn with_bits(like: IpAddr, bits: u128) -> IpAddr {
        match like {
            IpAddr::V4(_) => IpAddr::V4(((bits >> 96) as u32).into()),
            IpAddr::V6(_) => IpAddr::V6(bits.into()),
        }
    }

    /// The bits that a network of this length leaves to its hosts.
    fn rest(length: u8) -> u128 {
        u128::MAX.checked_shr(length.into()).unwrap_or(0)
    }

    proptest! {
        #[test]
        fn whoever_shares_the_bits_of_a_network_is_trusted_and_nobody_else(
            networks in networks(), noise: u128, anybody: IpAddr,
        ) {
            let cut = |&(address, length): &(IpAddr, u8)| (with_bits(address, bits(address) & !rest(length)), length);
            let networks: Vec<_> = networks.iter().map(cut).collect();
            let proxies: TrustedProxies = written(&networks).parse().expect("networks");
            for &(address, length) in &networks {
                let member = with_bits(address, bits(address) | noise & rest(length));
                prop_assert!(proxies.trust(ClientAddress(member)), "{member}");
            }
            let shares = |&(address, length): &(IpAddr, u8)| {
                address.is_ipv4() == anybody.is_ipv4() && (bits(address) ^ bits(anybody)) & !rest(length) == 0
            };
            prop_assert_eq!(proxies.trust(ClientAddress(anybody)), networks.iter().any(shares));
        }

        #[test]
        fn a_network_whose_address_has_further_bits_is_refused(networks in networks()) {
            let slip = |&(address, length): &(IpAddr, u8)| bits(address) & rest(length) != 0;
            let refused = written(&networks).parse::<TrustedProxies>().is_err();
            prop_assert_eq!(refused, networks.iter().any(slip));
        }

        #[test]
        fn no_list_makes_the_parser_panic(list in "\\PC{0,40}|[0-9a-f.:/, ]{0,40}") {
            if let Ok(proxies) = list.parse::<TrustedProxies>() {
                for entry in list.split(',') {
                    let address = entry.trim().split('/').next().and_then(|address| address.parse().ok());
                    prop_assert!(proxies.trust(ClientAddress(address.expect("an address"))), "{entry}");
                }
            }
        }
    }
}
