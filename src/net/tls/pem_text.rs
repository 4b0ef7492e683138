//! Reading and writing PEM (RFC 7468), and files that may be PEM or DER.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem;

use super::parse_error::SslParseError;

/// Returns the reason why a text is no PEM.
pub(super) fn fault(error: pem::Error) -> SslParseError {
    SslParseError::pem(error)
}

/// Returns true if the bytes begin a section of PEM somewhere. In DER the first byte is that of a
/// sequence, 0x30, which is the digit zero.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    bytes.first() != Some(&0x30) && memchr::memmem::find(bytes, b"-----BEGIN ").is_some()
}

/// Returns true if the text has a section whose label ends with `label`.
pub(super) fn has_section(bytes: &[u8], label: &str) -> bool {
    let line = format!("{label}-----");
    bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .any(|text| text.starts_with(b"-----BEGIN ") && text.ends_with(line.as_bytes()))
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, SslParseError> {
    fs::read(path).map_err(|cause| SslParseError::File { path: path.display().to_string(), cause })
}

/// Returns a text with one section.
pub(super) fn write(label: &str, der: &[u8]) -> String {
    let code = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in code.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}
