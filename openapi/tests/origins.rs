//! Lists of origins: what an operator may write for `CORS_ALLOWED_ORIGINS`.

use openapi::AllowedOrigins;
use proptest::{collection::vec, prelude::*, sample::select};

/// A part of an origin, and whether one may be written so.
type Part = (&'static str, bool);

const SCHEMES: [Part; 6] = [
    ("https://", true),
    ("http://", true),
    ("HTTPS://", false),
    ("ftp://", false),
    ("//", false),
    ("", false),
];
const HOSTS: [Part; 14] = [
    ("example.com", true),
    ("localhost", true),
    ("192.0.2.1", true),
    ("[2001:db8::1]", true),
    ("xn--bcher-kva.example", true),
    ("bücher.example", false),
    ("Example.com", false),
    ("*.example.com", false),
    ("*", false),
    ("user@example.com", false),
    ("192.0.2", false),
    ("[2001:db8::0001]", false),
    ("a..b", false),
    ("", false),
];
const PORTS: [Part; 6] = [
    ("", true),
    (":8443", true),
    (":1", true),
    (":", false),
    (":08443", false),
    (":65536", false),
];
const RESTS: [Part; 5] = [
    ("", true),
    ("/", false),
    ("/path", false),
    ("?x", false),
    ("\r\nX: y", false),
];

fn origin() -> impl Strategy<Value = (String, bool)> {
    let parts = [&SCHEMES[..], &HOSTS, &PORTS, &RESTS].map(|parts| {
        let good: Vec<_> = parts.iter().copied().filter(|part| part.1).collect();
        prop_oneof![5 => select(good), 1 => select(parts)]
    });
    parts.prop_map(|parts| (parts.map(|part| part.0).concat(), parts.iter().all(|part| part.1)))
}

proptest! {
    #[test]
    fn a_list_is_taken_when_each_origin_is_as_a_browser_writes_it(origins in vec(origin(), 1..3), space in " {0,2}") {
        let written: Vec<_> = origins.iter().map(|(origin, _)| format!("{space}{origin}{space}")).collect();
        let taken = written.join(",").parse::<AllowedOrigins>().is_ok();
        prop_assert_eq!(taken, origins.iter().all(|(_, good)| *good), "{:?}", origins);
    }

    #[test]
    fn the_port_of_the_scheme_is_not_written(name in "[a-z]{1,9}", port in select(vec![80, 443, 8000])) {
        for (scheme, own) in [("http", 80), ("https", 443)] {
            let taken = format!("{scheme}://{name}:{port}").parse::<AllowedOrigins>().is_ok();
            prop_assert_eq!(taken, port != own);
        }
    }

    #[test]
    fn no_list_makes_the_parser_panic(list in "\\PC{0,40}|(https?://[a-z.:@/*\\[\\]0-9]{0,9},? ?){0,3}") {
        if list.parse::<AllowedOrigins>().is_ok() && list != "*" {
            let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ":/.-_[], ".contains(c);
            prop_assert!(list.trim().chars().all(harmless), "{list}");
        }
    }
}
