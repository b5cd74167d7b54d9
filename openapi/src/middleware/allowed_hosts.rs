//! Which hosts the service answers to.

use std::{net::IpAddr, str::FromStr};

use crate::http::host::Host;

/// The hosts that requests may name. A request for any other is refused before anything else happens, because a name
/// that somebody else chose would end up in the URLs of answers, and in caches (Django's `ALLOWED_HOSTS`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Name(String),
    /// `.example.com`: the name after the dot, and all that end in the whole.
    Under(String),
    Address(IpAddr),
}

/// Text that is not a list of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of host names, addresses, .names and *")]
pub struct ParseAllowedHostsError;

/// Names and addresses, `.example.com` for a name and its subdomains, `*` for all, between commas. Without ports:
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
    /// The names of the machine itself, `localhost` and what ends in `.localhost`, and the address listened on, unless
    /// that stands for every address.
    pub fn local(listen: IpAddr) -> Self {
        let loopback = [
            IpAddr::from([127, 0, 0, 1]),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ];
        let address = Some(listen).filter(|listen| !listen.is_unspecified() && !loopback.contains(listen));
        let addresses = loopback.into_iter().chain(address).map(Pattern::Address);
        Self(
            [Pattern::Under(".localhost".to_owned())]
                .into_iter()
                .chain(addresses)
                .collect(),
        )
    }

    /// A host that is allowed: this one if it is.
    pub fn prefer(&self, host: IpAddr) -> String {
        let preferred = Host::Address(host);
        match self.0.first() {
            Some(Pattern::Name(name)) if !self.allows(preferred) => name.clone(),
            Some(Pattern::Under(name)) if !self.allows(preferred) => name.trim_start_matches('.').to_owned(),
            Some(Pattern::Address(address)) if !self.allows(preferred) => Host::Address(*address).to_string(),
            _ => preferred.to_string(),
        }
    }

    /// Upper and lower case are the same, and `::1` is however it is written. Compares in place: every request passes.
    pub(crate) fn allows(&self, host: Host<'_>) -> bool {
        self.0.iter().any(|pattern| match (pattern, host) {
            (Pattern::Any, _) => true,
            (Pattern::Name(name), Host::Name(host)) => name.eq_ignore_ascii_case(host),
            (Pattern::Under(name), Host::Name(host)) => is_under(name, host),
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
        // Bare IPv6 addresses cannot be mistaken here, so they need no brackets.
        if let Ok(address) = entry.parse() {
            return Some(Self::Address(address));
        }
        match (Host::parse(entry), entry.strip_prefix('.').and_then(Host::parse)) {
            (Some(Host::Address(address)), _) => Some(Self::Address(address)),
            (Some(Host::Name(name)), _) => Some(Self::Name(name.to_owned())),
            (None, Some(Host::Name(name))) => Some(Self::Under(format!(".{name}"))),
            (None, _) => None,
        }
    }
}

/// `dotted` begins with a dot, which also stands between a subdomain and the rest.
fn is_under(dotted: &str, host: &str) -> bool {
    let end = |length: usize| host.len().checked_sub(length).and_then(|start| host.get(start..));
    let is_it = dotted
        .get(1..)
        .is_some_and(|name| name.eq_ignore_ascii_case(host));
    is_it || end(dotted.len()).is_some_and(|end| end.eq_ignore_ascii_case(dotted))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn allows(list: &str, host: &str) -> bool {
        let hosts: AllowedHosts = list.parse().expect("a list");
        Host::parse_with_port(host).is_some_and(|host| hosts.allows(host))
    }

    #[test]
    fn names_match_as_in_the_original() {
        for (list, host) in [
            ("example.com", "example.com"),
            ("example.com", "EXAMPLE.com.:8000"),
            ("Example.COM.", "example.com"),
            ("a, example.com ,b", "example.com"),
            (".example.com", "example.com"),
            (".example.com", "a.example.com"),
            (".example.com", "A.b.Example.com."),
            ("*", "anything.at.all"),
            ("*", "[::1]:1"),
            ("127.0.0.1", "127.0.0.1:80"),
            ("[::1]", "[0:0:0:0:0:0:0:1]"),
            ("::1", "[::1]:80"),
        ] {
            assert!(allows(list, host), "{list} {host}");
        }
        for (list, host) in [
            ("example.com", "a.example.com"),
            ("example.com", "example.com.evil.org"),
            ("example.com", "example.org"),
            (".example.com", "notexample.com"),
            (".example.com", "com"),
            (".example.com", "example.com.evil.org"),
            ("*", "evil\"<script>"),
            ("127.0.0.1", "127.1"),
            ("127.0.0.1", "[::ffff:127.0.0.1]"),
            ("1.2.3.4", "11.2.3.4"),
        ] {
            assert!(!allows(list, host), "{list} {host}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_meant_is_refused() {
        let wrong = [
            "",
            ",",
            "a,",
            "a,,b",
            "example.com:80",
            "*.example.com",
            "http://a",
            "a b",
            ".",
            "..a",
            ".127.0.0.1",
            "[a]",
        ];
        for list in wrong {
            assert_eq!(
                list.parse::<AllowedHosts>(),
                Err(ParseAllowedHostsError),
                "{list:?}"
            );
        }
    }

    #[test]
    fn without_a_list_the_machine_itself_is_meant() {
        let local = |listen: &str| AllowedHosts::local(listen.parse().expect("an address"));
        let allowed =
            |listen, host| Host::parse_with_port(host).is_some_and(|host| local(listen).allows(host));
        for host in [
            "localhost:8000",
            "LOCALHOST",
            "x.localhost",
            "127.0.0.1:1",
            "[::1]",
        ] {
            assert!(allowed("0.0.0.0", host), "{host}");
        }
        assert!(allowed("192.0.2.1", "192.0.2.1:80") && allowed("2001:db8::1", "[2001:db8::1]"));
        assert!(!allowed("0.0.0.0", "0.0.0.0") && !allowed("::", "[::]") && !allowed("0.0.0.0", "192.0.2.1"));
    }

    #[test]
    fn who_asks_about_our_health_names_a_host_that_is_allowed() {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let prefer = |list: &str| list.parse::<AllowedHosts>().expect("a list").prefer(loopback);
        assert_eq!(prefer("example.com,127.0.0.1"), "127.0.0.1");
        assert_eq!(prefer("*"), "127.0.0.1");
        assert_eq!(prefer("example.com"), "example.com");
        assert_eq!(prefer(".example.com,a"), "example.com");
        assert_eq!(prefer("[2001:db8::1]"), "[2001:db8::1]");
    }

    proptest! {
        #[test]
        fn only_the_name_itself_and_subdomains_match(host in "[a-c.]{1,12}", list in "\\.?[a-c]{1,2}(\\.[a-c]{1,2})?") {
            let (host_is, name) = (host.trim_end_matches('.'), list.trim_start_matches('.'));
            let expected = host_is == name || (list.starts_with('.') && host_is.ends_with(&list));
            prop_assert_eq!(allows(&list, &host), expected && Host::parse(&host).is_some());
        }

        #[test]
        fn a_list_allows_what_one_of_its_entries_does(
            entries in vec("\\*|[.]?[ab]{1,2}[.][ab]|\\[::[12]\\]|::1|10[.]0[.]0[.][12]", 1..4),
            host in "([AaBb]{1,2}[.]){1,3}|\\[0:0::[12]\\]:80|10[.]0[.]0[.][123]",
        ) {
            let list = entries.join(" , ");
            prop_assert_eq!(allows(&list, &host), entries.iter().any(|entry| allows(entry, &host)), "{}", list);
        }

        #[test]
        fn no_list_makes_the_parser_panic(list in "\\PC{0,40}|[a.,:*\\[\\] ]{0,20}") {
            if let Ok(hosts) = list.parse::<AllowedHosts>() {
                let host = hosts.prefer([192, 0, 2, 1].into());
                prop_assert!(Host::parse(&host).is_some_and(|host| hosts.allows(host)), "{host}");
            }
        }
    }
}
