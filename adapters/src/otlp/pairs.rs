//! Lists of pairs in the variables of OpenTelemetry: `key=value,key=value`, with percent-encoded values, as in W3C
//! Baggage.

use std::{fmt, str::FromStr};

use percent_encoding::percent_decode_str;
use ureq::http::{HeaderName, HeaderValue};

/// The text is not a list of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a list of `key=value` pairs, separated by commas, or a header that describes the body or the connection"
)]
pub struct ParsePairsError;

/// What the spans of a process are of, such as `service.name`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceAttributes(Vec<(String, String)>);

impl ResourceAttributes {
    /// The attributes, each once.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The same attributes with this one, which replaces one of the same key.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.0.retain(|(other, _)| other != key);
        self.0.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The same attributes, and this one if its key has no value yet.
    pub fn or(self, key: &str, value: &str) -> Self {
        if self.iter().any(|(other, _)| other == key) {
            return self;
        }
        self.with(key, value)
    }
}

impl FromStr for ResourceAttributes {
    type Err = ParsePairsError;

    fn from_str(list: &str) -> Result<Self, ParsePairsError> {
        let pairs = pairs(list)?.into_iter();
        Ok(pairs.fold(Self::default(), |attributes, (key, value)| {
            attributes.with(&key, &value)
        }))
    }
}

/// Headers of HTTP requests. Their values may be credentials: `Debug` shows only the names.
#[derive(Clone, Default)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    pub(super) fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter()
    }
}

/// What describes the body and the connection is up to the exporter.
const OF_THE_EXPORTER: [&str; 8] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl FromStr for Headers {
    type Err = ParsePairsError;

    fn from_str(list: &str) -> Result<Self, ParsePairsError> {
        let header = |(name, value): (String, String)| {
            let name: HeaderName = name.parse().map_err(|_| ParsePairsError)?;
            if OF_THE_EXPORTER.contains(&name.as_str()) {
                return Err(ParsePairsError);
            }
            let value = value.parse().map_err(|_| ParsePairsError)?;
            Ok((name, value))
        };

        pairs(list)?
            .into_iter()
            .map(header)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

fn pairs(list: &str) -> Result<Vec<(String, String)>, ParsePairsError> {
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').ok_or(ParsePairsError)?;
        let value = percent_decode_str(value.trim())
            .decode_utf8()
            .map_err(|_| ParsePairsError)?;

        let key = key.trim();
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_key
            .then(|| (key.to_owned(), value.into_owned()))
            .ok_or(ParsePairsError)
    };

    // A comma at the end is common in lists that are put together.
    let list = list.trim().trim_end_matches(',');
    list.split(',').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_decoded_and_later_ones_win() {
        let attributes: ResourceAttributes =
            "service.name=a, deployment.environment.name = b%20c%2Cd ,service.name=e=f,"
                .parse()
                .expect("pairs");
        let expected = [("deployment.environment.name", "b c,d"), ("service.name", "e=f")];
        assert!(attributes.iter().eq(expected), "{attributes:?}");

        let attributes = attributes.or("service.name", "x").or("service.version", "1");
        assert_eq!(attributes.iter().last(), Some(("service.version", "1")));
        assert_eq!(attributes.iter().count(), 3);
    }

    #[test]
    fn headers_that_describe_the_body_or_the_connection_are_refused() {
        for list in ["content-length=3", "a=b,Transfer-Encoding=chunked", "host=other"] {
            assert!(list.parse::<Headers>().is_err(), "{list}");
        }
    }

    #[test]
    fn headers_are_shown_without_their_values() {
        let headers: Headers = "Authorization=Bearer%20hunter2,x-tenant=t"
            .parse()
            .expect("headers");

        assert_eq!(format!("{headers:?}"), r#"["authorization", "x-tenant"]"#);
        let values: Vec<_> = headers.iter().map(|(_, value)| value.as_bytes()).collect();
        assert_eq!(values, [b"Bearer hunter2".as_slice(), b"t"]);
    }

    #[test]
    fn what_is_no_pair_is_rejected() {
        for list in ["", "a", "=a", "a=b,,c=d", "a b=c", "a=%ff"] {
            assert_eq!(list.parse::<ResourceAttributes>(), Err(ParsePairsError), "{list}");
            assert!(list.parse::<Headers>().is_err(), "{list}");
        }
        for list in ["a:b=c", "a=b%0ac", "a=b%00"] {
            assert!(list.parse::<Headers>().is_err(), "{list}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_or_rejected(list in "\\PC{0,40}|([a-z]{0,3}=(%[0-9a-f]{2}|[a-z ]){0,4},?){0,4}") {
            let _ = list.parse::<Headers>();
            if let Ok(attributes) = list.parse::<ResourceAttributes>() {
                prop_assert!(attributes.iter().all(|(key, _)| !key.is_empty()));
            }
        }
    }
}
