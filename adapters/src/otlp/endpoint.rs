//! Where the collector receives spans.

use std::{fmt, num::NonZeroU16};

use ureq::http::Uri;

/// The path of traces below the base of an OTLP receiver.
const TRACES_PATH: &str = "/v1/traces";

/// The URL to which spans are sent. `Display` shows scheme, host and port: some receivers expect a key in the path.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Uri);

/// The text is not the URL of a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an http or https URL without user, query and fragment")]
pub struct ParseEndpointError;

impl Endpoint {
    /// From the base of a receiver, to which the path of traces is added: `OTEL_EXPORTER_OTLP_ENDPOINT`.
    ///
    /// # Errors
    /// [`ParseEndpointError`]
    pub fn under(base: &str) -> Result<Self, ParseEndpointError> {
        let Self(base) = Self::exact(base)?;
        let url = format!("{}{TRACES_PATH}", base.to_string().trim_end_matches('/'));

        url.parse().map(Self).map_err(|_| ParseEndpointError)
    }

    /// The URL as it is: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`.
    ///
    /// # Errors
    /// [`ParseEndpointError`]
    pub fn exact(url: &str) -> Result<Self, ParseEndpointError> {
        let uri: Uri = url.parse().map_err(|_| ParseEndpointError)?;

        let is_http = uri
            .scheme_str()
            .is_some_and(|scheme| scheme == "http" || scheme == "https");
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        let has_port = uri.authority().is_some_and(|authority| {
            let port = authority.as_str().rsplit_once(':').map(|(_, port)| port);
            // What follows the last colon may be a part of an IPv6 address.
            port.is_none_or(|port| port.ends_with(']') || port.parse::<NonZeroU16>().is_ok())
        });
        let is_plain = !url.contains(['@', '?', '#']);

        let is_valid = is_http && has_host && has_port && is_plain;
        is_valid.then_some(Self(uri)).ok_or(ParseEndpointError)
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let authority = self.0.authority().map_or("", |authority| authority.as_str());

        write!(f, "{scheme}://{authority}")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn path_of_traces_is_added_to_a_base_and_not_to_a_url() {
        for (base, url) in [
            ("http://traces:4318", "http://traces:4318/v1/traces"),
            ("http://traces:4318/", "http://traces:4318/v1/traces"),
            ("https://example.com/otlp", "https://example.com/otlp/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ] {
            let endpoint = Endpoint::under(base).expect(base);
            assert_eq!(endpoint.uri().to_string(), url);
        }

        let exact = Endpoint::exact("http://traces:4318/receive").expect("a URL");
        assert_eq!(exact.uri().to_string(), "http://traces:4318/receive");
        assert_eq!(
            format!("{exact} {exact:?}"),
            "http://traces:4318 http://traces:4318"
        );
    }

    #[test]
    fn other_urls_are_rejected() {
        for url in [
            "",
            "traces:4318",
            "/v1/traces",
            "grpc://traces:4317",
            "http://",
            "http://traces:",
            "http://traces:0",
            "http://traces:65536",
            "http://[::1]:99999",
            "http://user:password@traces",
            "http://traces?key=x",
            "http://traces#x",
            "http://a b",
        ] {
            assert_eq!(Endpoint::exact(url), Err(ParseEndpointError), "{url}");
            assert_eq!(Endpoint::under(url), Err(ParseEndpointError), "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_or_rejected(text in "\\PC{0,40}|https?://[a-z.:/\\[\\]0-9@?#]{0,30}") {
            let _ = Endpoint::under(&text);
            if let Ok(endpoint) = Endpoint::exact(&text) {
                prop_assert!(endpoint.to_string().starts_with("http"));
            }
        }
    }
}
