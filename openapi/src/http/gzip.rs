//! gzip as the content coding of responses (RFC 9110, 8.4.1.3): which clients want it, and the coding itself.

use std::io::{self, Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use poem::http::HeaderValue;

/// What a client says about gzip in `Accept-Encoding` (RFC 9110, 12.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preference {
    /// It does not accept gzip, or prefers what is not compressed. Without the header it may not understand gzip.
    Identity,
    /// It accepts both.
    Gzip,
    /// It accepts nothing else.
    GzipOnly,
}

impl Preference {
    /// What the values of `Accept-Encoding` say, one for each line. Codings that are not gzip, and elements that are
    /// malformed, count for nothing.
    pub(crate) fn of<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let (mut gzip, mut identity, mut any) = (None, None, None);
        let elements = lines
            .into_iter()
            .filter_map(|line| Some(line.to_str().ok()?.split(',')));

        for (coding, weight) in elements.flatten().filter_map(weighted) {
            let is = |name| coding.eq_ignore_ascii_case(name);
            if is("gzip") || is("x-gzip") {
                gzip = Some(weight);
            } else if is("identity") {
                identity = Some(weight);
            } else if is("*") {
                any = Some(weight);
            }
        }

        let gzip = gzip.or(any).unwrap_or(0.0);
        match identity.or(any) {
            _ if gzip <= 0.0 => Self::Identity,
            Some(identity) if identity > gzip => Self::Identity,
            Some(identity) if identity <= 0.0 => Self::GzipOnly,
            _ => Self::Gzip,
        }
    }
}

/// A coding and its weight, from 0 to 1.
fn weighted(element: &str) -> Option<(&str, f32)> {
    let (coding, parameter) = element.split_once(';').unwrap_or((element, "q=1"));
    let (name, weight) = parameter.split_once('=')?;
    let weight: f32 = weight.trim().parse().ok()?;

    let is_weight = name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&weight);
    is_weight.then_some((coding.trim(), weight))
}

/// Compresses a whole body.
///
/// # Errors
/// None: writing into memory does not fail.
pub(crate) fn compress(body: &[u8], level: Compression) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), level);
    encoder.write_all(body)?;
    encoder.finish()
}

/// The body that was compressed.
///
/// # Errors
/// If it is not gzip.
pub(crate) fn decompress(gzip: &[u8]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::{Preference::*, *};

    fn preference(lines: &[&[u8]]) -> Preference {
        let values = lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok());
        Preference::of(&values.collect::<Vec<_>>())
    }

    #[test]
    fn weights_decide() {
        for (lines, expected) in [
            (&[][..], Identity),
            (&[""], Identity),
            (&["gzip"], Gzip),
            (&["GZip"], Gzip),
            (&["x-gzip"], Gzip),
            (&["gzip, deflate, br, zstd"], Gzip),
            (&["br;q=1.0, gzip;q=0.8, *;q=0.1"], Gzip),
            (&["deflate", "gzip"], Gzip),
            (&["gzip ; Q=0.001"], Gzip),
            (&["gzip;q=1.000"], Gzip),
            (&["*"], Gzip),
            (&["*;q=0.5"], Gzip),
            (&["gzip;q=0.5, *;q=0"], GzipOnly),
            (&["gzip, identity"], Gzip),
            (&["gzip, identity;q=0.5"], Gzip),
            (&["gzip, identity;q=0"], GzipOnly),
            (&["identity;q=0, *"], GzipOnly),
            (&["identity;q=0, *;q=0, gzip;q=0.1"], GzipOnly),
            (&["gzip;q=0"], Identity),
            (&["gzip;q=0.0, *"], Identity),
            (&["*;q=0"], Identity),
            (&["identity;q=0"], Identity),
            (&["identity, gzip;q=0.5"], Identity),
            (&["*, gzip;q=0.5"], Identity),
            (&["identity"], Identity),
            (&["br"], Identity),
            (&["gzipped"], Identity),
            (&["gzip;q=2"], Identity),
            (&["gzip;q=-1"], Identity),
            (&["gzip;q=NaN"], Identity),
            (&["gzip;q="], Identity),
            (&["gzip;level=9"], Identity),
            (&["\u{e9}, gzip"], Identity),
            (&["\u{e9}", "gzip"], Gzip),
        ] {
            let bytes: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(preference(&bytes), expected, "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn gzip_is_only_for_clients_that_name_it_or_everything(line in vec(any::<u8>(), 0..20)) {
            let text = String::from_utf8_lossy(&line).to_ascii_lowercase();
            if !text.contains("gzip") && !text.contains('*') {
                prop_assert_eq!(preference(&[&line]), Identity);
            }
        }

        #[test]
        fn what_is_compressed_can_be_decompressed(body in vec(any::<u8>(), 0..300)) {
            for level in [Compression::fast(), Compression::best()] {
                let compressed = compress(&body, level).expect("memory");
                prop_assert_eq!(&decompress(&compressed).expect("gzip"), &body);
            }
        }
    }
}
