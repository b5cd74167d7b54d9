//! Lists of origins, as an operator writes them for `CORS_ALLOWED_ORIGINS`.

use openapi::AllowedOrigins;
use proptest::{collection::vec, prelude::*, sample::select};

/// A part of an origin, and whether it is valid.
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
        let valid: Vec<_> = parts.iter().copied().filter(|part| part.1).collect();

        prop_oneof![5 => select(valid), 1 => select(parts)]
    });

    parts.prop_map(|parts| (parts.map(|part| part.0).concat(), parts.iter().all(|part| part.1)))
}

proptest! {
    #[test]
    fn a_list_is_accepted_if_each_origin_is_written_as_browsers_write_it(origins in vec(origin(), 1..3), space in " {0,2}") {
        let entries: Vec<_> = origins.iter().map(|(origin, _)| format!("{space}{origin}{space}")).collect();

        let list = entries.join(",");
        let accepted = list.parse::<AllowedOrigins>().is_ok();

        // Alone, it stands for all origins.
        let expected = list == "*" || origins.iter().all(|(_, valid)| *valid);
        prop_assert_eq!(accepted, expected, "{:?}", origins);
    }

    #[test]
    fn the_default_port_of_the_scheme_is_rejected(name in "[a-z]{1,9}", port in select(vec![80, 443, 8000])) {
        for (scheme, own) in [("http", 80), ("https", 443)] {
            let accepted = format!("{scheme}://{name}:{port}").parse::<AllowedOrigins>().is_ok();
            prop_assert_eq!(accepted, port != own);
        }
    }

    #[test]
    fn parsing_never_panics(list in "\\PC{0,40}|(https?://[a-z.:@/*\\[\\]0-9]{0,9},? ?){0,3}") {
        if list.parse::<AllowedOrigins>().is_ok() && list != "*" {
            let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ":/.-_[], ".contains(c);
            prop_assert!(list.trim().chars().all(harmless), "{list}");
        }
    }
}
