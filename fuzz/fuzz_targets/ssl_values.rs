//! Certificates, private keys and lists of revoked certificates, whatever bytes they are: in DER, in
//! PEM, and as a mixture of sections.
//!
//! What is parsed is the bytes that it was parsed from: a certificate gives them back, as DER and by
//! its PEM. All that a certificate tells can be asked for, also if it is nonsense. The memory is
//! bounded by the bytes.

#![no_main]

use std::hint::black_box;

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counting_allocator::{CountingAllocator, count};
use libfuzzer_sys::fuzz_target;
use slotwire::{SslCertificate, SslConfiguration, SslKey, SubjectInfo};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How many bytes of memory each byte of the input may take, besides [`IN_ANY_CASE`].
const FOR_EACH_BYTE: i64 = 256;

/// The memory that may be taken for any input: the tables of the cryptography for a key.
const IN_ANY_CASE: i64 = 256 * 1024;

/// Authentic values, of which a mutation keeps much.
const AUTHENTIC: [&str; 7] = [
    include_str!("support/tls/authority.pem"),
    include_str!("support/tls/certificate.pem"),
    include_str!("support/tls/many_names.pem"),
    include_str!("support/tls/key.pem"),
    include_str!("support/tls/rsa_key.pem"),
    include_str!("support/tls/ec_key.pem"),
    include_str!("support/tls/revoked.pem"),
];

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// These bytes, as they are.
    Bytes(&'a [u8]),
    /// These bytes in sections of PEM.
    Sections(Vec<(Label, &'a [u8])>),
    /// An authentic value in DER, with changes at some places.
    Changed { which: u8, changes: Vec<Change> },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Label {
    Certificate,
    Key,
    RsaKey,
    EcKey,
    EncryptedKey,
    RevocationList,
}

#[derive(Arbitrary, Debug)]
struct Change {
    place: u16,
    /// How many bytes are lost.
    loses: u8,
    /// What comes in their place.
    gets: [u8; 3],
    count: u8,
}

impl Label {
    fn text(self) -> &'static str {
        match self {
            Self::Certificate => "CERTIFICATE",
            Self::Key => "PRIVATE KEY",
            Self::RsaKey => "RSA PRIVATE KEY",
            Self::EcKey => "EC PRIVATE KEY",
            Self::EncryptedKey => "ENCRYPTED PRIVATE KEY",
            Self::RevocationList => "X509 CRL",
        }
    }
}

impl Input<'_> {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Sections(sections) => {
                let sections = sections.into_iter().take(20);
                sections.map(|(label, der)| section(label.text(), der)).collect::<String>().into()
            }
            Self::Changed { which, changes } => {
                let mut der = der_of(AUTHENTIC[usize::from(which) % AUTHENTIC.len()]);
                for Change { place, loses, gets, count } in changes.into_iter().take(20) {
                    let from = usize::from(place) % (der.len() + 1);
                    let to = (from + usize::from(loses)).min(der.len());
                    der.splice(from..to, gets.into_iter().take(usize::from(count % 4)));
                }
                der
            }
        }
    }
}

/// A section of PEM, in one line.
fn section(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// The bytes of the only section of a text in PEM.
fn der_of(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).expect("it is authentic")
}

/// Asks a certificate for all that it tells.
fn examine(certificate: &SslCertificate) {
    for part in [
        SubjectInfo::Organization,
        SubjectInfo::CommonName,
        SubjectInfo::LocalityName,
        SubjectInfo::OrganizationalUnitName,
        SubjectInfo::CountryName,
        SubjectInfo::StateOrProvinceName,
        SubjectInfo::DistinguishedNameQualifier,
        SubjectInfo::SerialNumber,
        SubjectInfo::EmailAddress,
    ] {
        black_box((certificate.subject_info(part), certificate.issuer_info(part)));
    }
    black_box((certificate.subject_name(), certificate.issuer_name(), certificate.to_string()));
    black_box((certificate.effective_date(), certificate.expiry_date()));
    black_box((certificate.serial_number(), certificate.subject_alternative_names()));
    black_box((certificate.is_ca(), certificate.is_self_signed(), certificate.digest()));
    black_box(format!("{certificate:?}"));
    let again = SslCertificate::from_pem(certificate.to_pem()).expect("it is valid PEM");
    assert_eq!(again, [certificate.clone()]);
    let trusted = SslConfiguration::default().with_ca_certificates([certificate.clone()]);
    if let Ok(trusted) = trusted {
        assert_eq!(trusted.ca_certificates(), [certificate.clone()]);
    }
}

fn parse(bytes: &[u8]) {
    let one = SslCertificate::from_der(bytes);
    if let Ok(certificate) = &one {
        assert_eq!(certificate.to_der(), bytes);
    }
    let several = SslCertificate::from_pem(bytes);
    let certificates: Vec<_> =
        one.iter().chain(several.iter().flatten()).take(4).cloned().collect();
    certificates.iter().for_each(examine);
    let keys = [SslKey::from_der(bytes), SslKey::from_pem(bytes)];
    for key in keys.into_iter().flatten() {
        black_box((key.algorithm(), format!("{key:?}")));
        let own = SslConfiguration::default().with_local_certificate(certificates.clone(), key);
        if let Ok(own) = own {
            assert_eq!(own.local_certificate_chain(), certificates);
        }
    }
    let revoked = SslConfiguration::default().with_revocation_lists(bytes);
    if let Err(error) = revoked {
        assert!(!error.to_string().is_empty());
    }
}

fuzz_target!(|input: Input<'_>| {
    let bytes = input.bytes();
    let memory = count(|| parse(&bytes)).peak_bytes;
    let most = IN_ANY_CASE + FOR_EACH_BYTE * i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    assert!(memory <= most, "{memory} bytes for {} bytes", bytes.len());
});
