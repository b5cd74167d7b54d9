//! Tests of the host check, without HTTP.

use proptest::{collection::vec, prelude::*};

use super::*;

fn allow(list: &str, host: &str) -> bool {
    let hosts: AllowedHosts = list.parse().expect("a list");
    Authority::parse(host).is_some_and(|host| hosts.allow(host, &Scheme::HTTP))
}

#[test]
fn names_match_as_in_django() {
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
        assert!(allow(list, host), "{list} {host}");
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
        assert!(!allow(list, host), "{list} {host}");
    }
}

#[test]
fn malformed_lists_are_rejected() {
    for list in [
        "",
        ",",
        "a,",
        "a,,b",
        "example.com:",
        "example.com:65536",
        "*:80",
        "[::1]80",
        "*.example.com",
        "http://a",
        "a b",
        ".",
        "..a",
        ".127.0.0.1",
        "[a]",
    ] {
        assert_eq!(
            list.parse::<AllowedHosts>(),
            Err(ParseAllowedHostsError),
            "{list:?}"
        );
    }
}

#[test]
fn without_a_list_the_machine_itself_is_allowed() {
    let allow = |listen: &str, host| {
        let hosts = AllowedHosts::local(listen.parse().expect("an address"));
        Authority::parse(host).is_some_and(|host| hosts.allow(host, &Scheme::HTTP))
    };

    for host in [
        "localhost:8000",
        "LOCALHOST",
        "x.localhost",
        "127.0.0.1:1",
        "[::1]",
    ] {
        assert!(allow("0.0.0.0", host), "{host}");
    }
    assert!(allow("192.0.2.1", "192.0.2.1:80") && allow("2001:db8::1", "[2001:db8::1]"));
    assert!(!allow("0.0.0.0", "0.0.0.0") && !allow("::", "[::]") && !allow("0.0.0.0", "192.0.2.1"));
}

#[test]
fn health_checks_name_an_allowed_host() {
    let address = SocketAddr::from(([127, 0, 0, 1], 8000));
    let prefer = |list: &str| list.parse::<AllowedHosts>().expect("a list").prefer(address);

    assert_eq!(prefer("example.com,127.0.0.1"), "127.0.0.1:8000");
    assert_eq!(prefer("example.com,127.0.0.1:8000"), "127.0.0.1:8000");
    assert_eq!(prefer("*"), "127.0.0.1:8000");
    assert_eq!(prefer("example.com"), "example.com:8000");
    assert_eq!(prefer("example.com:443,127.0.0.1:80"), "example.com:443");
    assert_eq!(prefer(".example.com,a"), "example.com:8000");
    assert_eq!(prefer("[2001:db8::1]"), "[2001:db8::1]:8000");
}

#[test]
fn a_port_is_compared_where_an_entry_has_one() {
    let list = "example.com:8443, .example.org:80, 192.0.2.1, [::1]:443";
    let hosts: AllowedHosts = list.parse().expect("a list");
    let allow = |host, scheme| hosts.allow(Authority::parse(host).expect("a host"), scheme);

    for (host, over_http, over_https) in [
        ("example.com:8443", true, true),
        ("example.com:08443", true, true),
        ("example.com", false, false),
        ("example.com:443", false, false),
        ("example.com:1337", false, false),
        // Without a port, it is the default one.
        ("a.example.org", true, false),
        ("example.org:80", true, true),
        ("example.org:8080", false, false),
        ("192.0.2.1:1", true, true),
        ("[::1]", false, true),
    ] {
        assert_eq!(allow(host, &Scheme::HTTP), over_http, "{host}");
        assert_eq!(allow(host, &Scheme::HTTPS), over_https, "{host}");
    }
}

#[test]
fn the_host_of_the_public_url_is_allowed() {
    let url = "https://api.example.com:8443/microblog".parse().expect("a URL");
    let hosts = AllowedHosts::local([127, 0, 0, 1].into()).and_public_url(&url);
    let allow = |host| hosts.allow(Authority::parse(host).expect("a host"), &Scheme::HTTPS);

    assert!(allow("api.example.com") && allow("API.example.com:8443") && allow("localhost"));
    assert!(!allow("example.com") && !allow("a.api.example.com"));
}

proptest! {
    #[test]
    fn only_the_name_itself_and_subdomains_match(host in "[a-c.]{1,12}", list in "\\.?[a-c]{1,2}(\\.[a-c]{1,2})?") {
        let (bare_host, name) = (host.trim_end_matches('.'), list.trim_start_matches('.'));
        let expected = bare_host == name || (list.starts_with('.') && bare_host.ends_with(&list));

        prop_assert_eq!(allow(&list, &host), expected && Host::parse(&host).is_some());
    }

    #[test]
    fn a_list_allows_what_one_of_its_entries_allows(
        entries in vec("\\*|[.]?[ab]{1,2}[.][ab]|\\[::[12]\\]|::1|10[.]0[.]0[.][12]", 1..4),
        host in "([AaBb]{1,2}[.]){1,3}|\\[0:0::[12]\\]:80|10[.]0[.]0[.][123]",
    ) {
        let list = entries.join(" , ");

        prop_assert_eq!(allow(&list, &host), entries.iter().any(|entry| allow(entry, &host)), "{}", list);
    }

    #[test]
    fn parsing_never_panics(list in "\\PC{0,40}|[a.,:*\\[\\] ]{0,20}") {
        if let Ok(hosts) = list.parse::<AllowedHosts>() {
            let host = hosts.prefer(([192, 0, 2, 1], 8000).into());
            let allowed = Authority::parse(&host).is_some_and(|host| hosts.allow(host, &Scheme::HTTP));
            prop_assert!(allowed, "{host}");
        }
    }
}
