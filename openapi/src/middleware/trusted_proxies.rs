//! The proxies whose reports about requests are trusted.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// The proxies whose `X-Forwarded-*` headers count. From any other peer, these headers are whatever the client wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The text is not a list of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of addresses and networks")]
pub struct ParseTrustedProxiesError;

/// Addresses (`192.0.2.1`) and networks (`10.0.0.0/8`), separated by commas. A network whose address has bits beyond
/// its prefix length, such as `10.0.0.1/8`, is rejected: it is more likely a slip than meant.
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
    /// Whether this address is one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn networks() -> impl Strategy<Value = Vec<(IpAddr, u8)>> {
        let bits = |address: IpAddr| if address.is_ipv4() { 32_u8 } else { 128 };
        vec(
            any::<IpAddr>().prop_flat_map(move |address| (Just(address), 0..=bits(address))),
            1..4,
        )
    }

    fn list(networks: &[(IpAddr, u8)]) -> String {
        let entries = networks
            .iter()
            .map(|(address, length)| format!(" {address}/{length}"));
        entries.collect::<Vec<_>>().join(",")
    }

    /// The bits of an address, the first one highest.
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

    /// The bits that a network of this prefix length leaves to its hosts.
    fn host_bits(length: u8) -> u128 {
        u128::MAX.checked_shr(length.into()).unwrap_or(0)
    }

    proptest! {
        #[test]
        fn exactly_the_addresses_within_a_listed_network_are_trusted(
            networks in networks(), noise: u128, other: IpAddr,
        ) {
            let networks: Vec<_> = networks
                .iter()
                .map(|&(address, length)| (with_bits(address, bits(address) & !host_bits(length)), length))
                .collect();
            let proxies: TrustedProxies = list(&networks).parse().expect("networks");

            for &(address, length) in &networks {
                let member = with_bits(address, bits(address) | noise & host_bits(length));
                prop_assert!(proxies.contain(member), "{member}");
            }

            let is_member = |&(address, length): &(IpAddr, u8)| {
                address.is_ipv4() == other.is_ipv4() && (bits(address) ^ bits(other)) & !host_bits(length) == 0
            };
            prop_assert_eq!(proxies.contain(other), networks.iter().any(is_member));
        }

        #[test]
        fn networks_with_host_bits_are_rejected(networks in networks()) {
            let has_host_bits = |&(address, length): &(IpAddr, u8)| bits(address) & host_bits(length) != 0;

            let rejected = list(&networks).parse::<TrustedProxies>().is_err();

            prop_assert_eq!(rejected, networks.iter().any(has_host_bits));
        }

        #[test]
        fn parsing_never_panics(list in "\\PC{0,40}|[0-9a-f.:/, ]{0,40}") {
            if let Ok(proxies) = list.parse::<TrustedProxies>() {
                for entry in list.split(',') {
                    let address = entry.trim().split('/').next().and_then(|address| address.parse().ok());
                    prop_assert!(proxies.contain(address.expect("an address")), "{entry}");
                }
            }
        }
    }
}
