//! The URL at which clients reach the service, and the path prefix under which a proxy serves it.

use std::{str::FromStr, sync::Arc};

use poem::{Request, http::uri::Scheme};

use crate::http::host::{Authority, Host};

/// Where clients reach the service, such as `https://api.example.com/microblog`, whatever a request's headers say. All
/// URLs in responses begin with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a final slash.
    text: String,
    scheme: Scheme,
    host: String,
}

/// The text is not the URL of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a URL such as https://api.example.com or https://example.com:8443/microblog")]
pub struct ParsePublicUrlError;

/// `http://` or `https://` in lower case, a host, an optional port and an optional path prefix, which may end in a slash.
/// No user info, query or fragment.
impl FromStr for PublicUrl {
    type Err = ParsePublicUrlError;

    fn from_str(text: &str) -> Result<Self, ParsePublicUrlError> {
        Self::parse(text).ok_or(ParsePublicUrlError)
    }
}

impl PublicUrl {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = [Scheme::HTTPS, Scheme::HTTP]
            .into_iter()
            .find(|known| known.as_str() == scheme)?;

        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = Authority::parse(authority).filter(|authority| authority.port != Some(0))?;
        let prefix = parse_prefix(path)?;

        Some(Self {
            text: format!("{scheme}://{authority}{prefix}"),
            scheme,
            host: authority.host.to_string(),
        })
    }

    /// The one that is configured. The `forwarded` layer attaches it to requests.
    pub(crate) fn of(request: &Request) -> Option<&Arc<Self>> {
        request.data()
    }

    /// The URL without a final slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// `None` never happens: the text was parsed before.
    pub(crate) fn host(&self) -> Option<Host<'_>> {
        Host::parse(&self.host)
    }
}

/// The longest path prefix, in bytes. It is in every URL of a page of items.
const MAX_PREFIX_BYTES: usize = 256;

/// A path prefix without its final slash: empty, or segments that each begin with a slash. It is safe in header fields
/// and JSON, and in HTML once its ampersands are escaped, and clients resolve it to itself: no empty segments, which would begin another host's URL, and no dot
/// segments, however they are written (RFC 3986, 3.3).
pub(crate) fn parse_prefix(text: &str) -> Option<&str> {
    let prefix = text.strip_suffix('/').unwrap_or(text);
    if prefix.is_empty() {
        return Some(prefix);
    }

    let mut segments = prefix.strip_prefix('/')?.split('/');
    let is_valid = prefix.len() <= MAX_PREFIX_BYTES && segments.all(is_segment);
    is_valid.then_some(prefix)
}

fn is_segment(segment: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte);
    let mut escapes = segment.split('%').skip(1);
    let are_escapes = escapes.all(|rest| {
        let digits = rest.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let is_dots = || matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..");

    !segment.is_empty() && segment.bytes().all(is_allowed) && are_escapes && !is_dots()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scheme_host_port_and_prefix_are_parsed() {
        for (text, url, host) in [
            (
                "https://api.example.com",
                "https://api.example.com",
                "api.example.com",
            ),
            ("http://localhost:8000/", "http://localhost:8000", "localhost"),
            ("https://[::1]:8443/a/b-c/", "https://[::1]:8443/a/b-c", "[::1]"),
            (
                "https://example.com./caf%C3%A9",
                "https://example.com/caf%C3%A9",
                "example.com",
            ),
        ] {
            let parsed: PublicUrl = text.parse().expect("a URL");
            assert_eq!(parsed.as_str(), url);
            assert_eq!(parsed.host().map(|host| host.to_string()).as_deref(), Some(host));
            assert_eq!(
                parsed.scheme().as_str(),
                &text[..text.find(':').expect("a colon")]
            );
        }
    }

    #[test]
    fn anything_else_is_rejected() {
        for text in [
            "",
            "api.example.com",
            "//api.example.com",
            "HTTPS://api.example.com",
            "ftp://api.example.com",
            "https://",
            "https:///x",
            "https://user@example.com",
            "https://user:secret@example.com/",
            "https://example.com?x=1",
            "https://example.com/?x=1",
            "https://example.com/#x",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:",
            "https://example.com//",
            "https://example.com/a//b",
            "https://example.com/a/../b",
            "https://example.com/%2E./b",
            "https://example.com/a b",
            "https://example.com/é",
            "https://*.example.com",
            "https://example.com\r\nx: y",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(ParsePublicUrlError), "{text:?}");
        }
    }

    #[test]
    fn prefixes_are_paths_that_resolve_to_themselves() {
        for (text, prefix) in [("", ""), ("/", ""), ("/a", "/a"), ("/a/b.c/", "/a/b.c")] {
            assert_eq!(parse_prefix(text), Some(prefix), "{text:?}");
        }

        let longest = format!("/{}", "x".repeat(MAX_PREFIX_BYTES - 1));
        assert_eq!(parse_prefix(&longest), Some(&*longest));
        let too_long = format!("{longest}x");
        for text in [
            "a",
            "//",
            "//evil.example",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/a/../b",
            "/%2e%2E",
            "/.%2e/a",
            "/a\\b",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\"b",
            "/<a>",
            "/%",
            "/%4",
            "/%zz",
            "/a%",
            "/\u{e9}",
            "https://evil.example/",
            &too_long,
        ] {
            assert_eq!(parse_prefix(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_prefix_is_harmless(text in "\\PC{0,20}|/[a-z/.%2eE:@]{0,12}") {
            if let Some(prefix) = parse_prefix(&text).filter(|prefix| !prefix.is_empty()) {
                let harmless = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}?#".contains(&byte);
                prop_assert!(prefix.bytes().all(harmless));

                // The URL standard's parser leaves it as it is, and on the same host.
                let base = url::Url::parse("https://ours.example/x/y").expect("a URL");
                let resolved = base.join(prefix).expect("a reference");
                prop_assert_eq!(resolved.as_str(), format!("https://ours.example{prefix}"));
            }
        }
    }
}
