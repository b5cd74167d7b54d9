//! Text in files that people write: UTF-8, perhaps with what editors add to it. Other encodings and compressed files are
//! recognised, so that an error can name the command that converts them.

use thiserror::Error;

/// What some editors put in front of UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How many bytes of a file [`recognize`] needs.
pub const RECOGNIZABLE_LEN: usize = 10;

/// Why the content of a file is not text, and what to do about it. It repeats nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotText {
    /// UTF-16, as some programs on Windows write it.
    #[error("it is UTF-16 instead of UTF-8; convert it: iconv -f UTF-16{0} -t UTF-8 FILE > NEW")]
    Utf16(&'static str),
    /// A compressed file.
    #[error("it is compressed ({0}); unpack it: {1}")]
    Compressed(&'static str, &'static str),
    /// Bytes that are not UTF-8.
    #[error("it is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
}

const COMPRESSED: [(&[u8], &str, &str); 5] = [
    (&[0x1f, 0x8b], "gzip", "gunzip -c FILE > NEW"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd", "unzstd -c FILE > NEW"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "unxz -c FILE > NEW"),
    (b"BZh91AY&SY", "bzip2", "bunzip2 -c FILE > NEW"),
    (b"PK\x03\x04", "zip", "unzip -p FILE > NEW"),
];

/// The text of a file, without a byte order mark.
///
/// # Errors
/// [`NotText`] if it is not UTF-8.
pub fn decode(content: Vec<u8>) -> Result<String, NotText> {
    if let Some(other) = recognize(&content) {
        return Err(other);
    }

    let mut text =
        String::from_utf8(content).map_err(|error| NotText::NotUtf8(error.utf8_error().valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(text)
}

/// What a file is if it begins like something other than UTF-8.
pub fn recognize(head: &[u8]) -> Option<NotText> {
    let utf16 = match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(""),
        // Without a mark, the first letter tells, if it is one of ASCII.
        [1..=0x7f, 0, ..] => Some("LE"),
        [0, 1..=0x7f, ..] => Some("BE"),
        _ => None,
    };
    if let Some(order) = utf16 {
        return Some(NotText::Utf16(order));
    }

    let format = COMPRESSED.iter().find(|(magic, ..)| head.starts_with(magic));
    format.map(|(_, name, command)| NotText::Compressed(name, command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(
            decode(b"\xef\xbb\xbftext\r\n".to_vec()),
            Ok("text\r\n".to_owned())
        );
        assert_eq!(decode(Vec::new()), Ok(String::new()));
    }

    #[test]
    fn other_encodings_and_compressed_files_are_named_with_the_command_that_converts_them() {
        let little: Vec<u8> = "text".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "text".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let with_mark = |mark: [u8; 2], text: &[u8]| [&mark, text].concat();

        for (content, command) in [
            (with_mark([0xff, 0xfe], &little), "iconv -f UTF-16 -t UTF-8 FILE"),
            (with_mark([0xfe, 0xff], &big), "iconv -f UTF-16 -t UTF-8 FILE"),
            (little, "iconv -f UTF-16LE -t UTF-8 FILE"),
            (big, "iconv -f UTF-16BE -t UTF-8 FILE"),
            (b"\x1f\x8b\x08\0\0".to_vec(), "gunzip -c FILE"),
            (b"\x28\xb5\x2f\xfd\x04".to_vec(), "unzstd -c FILE"),
            (b"\xfd7zXZ\0\0".to_vec(), "unxz -c FILE"),
            (b"BZh91AY&SY".to_vec(), "bunzip2 -c FILE"),
            (b"PK\x03\x04\x14".to_vec(), "unzip -p FILE"),
            (b"caf\xe9".to_vec(), "from byte 3 on"),
        ] {
            let error = decode(content).expect_err(command).to_string();
            assert!(error.contains(command), "{error}");
        }
    }
}
