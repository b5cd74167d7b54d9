//! Percent-encoding (RFC 3986, section 2.1).

use super::{ParseAddressError as Error, Part};

/// Decodes a part, in which letters, digits, `-._~` and the `allowed` characters may stand for themselves.
pub(super) fn decode(text: &str, allowed: &[u8], part: Part) -> Result<String, Error> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());

    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let byte = digit().zip(digit()).map(|(high, low)| high * 16 + low);
            let byte = byte.and_then(|byte| u8::try_from(byte).ok());
            // Neither the protocol nor a path can hold NUL.
            decoded.push(byte.filter(|byte| *byte != 0).ok_or(Error::Encoding(part))?);
        } else if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || allowed.contains(&byte) {
            decoded.push(byte);
        } else {
            return Err(Error::Unescaped(part));
        }
    }

    String::from_utf8(decoded).map_err(|_| Error::Encoding(part))
}
