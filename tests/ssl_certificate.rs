//! `SslCertificate`: what a certificate says, and what is none.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, DnValue, IsCa, KeyPair, SanType,
    SerialNumber, date_time_ymd,
};
use slotwire::{AlternativeName, SslCertificate, SslParseError, SubjectInfo};

fn key_pair() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key is generated")
}

fn root() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Root of all");
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    CertifiedIssuer::self_signed(params, key_pair()).expect("it signs itself")
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::new(["www.example.org".to_owned(), "192.0.2.1".to_owned()])
        .expect("the names are valid");
    params.subject_alt_names.push(SanType::IpAddress("2001:db8::1".parse().expect("it is one")));
    let email = "ann@example.org".try_into().expect("it is ASCII");
    params.subject_alt_names.push(SanType::Rfc822Name(email));
    params.serial_number = Some(SerialNumber::from_slice(&[0x12, 0x34, 0x56]));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2060, 1, 1);
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "www.example.org");
    name.push(DnType::OrganizationName, "Büro & Söhne");
    name.push(DnType::OrganizationalUnitName, "Mail");
    name.push(DnType::CountryName, "DE");
    name.push(DnType::StateOrProvinceName, "Bayern");
    let place = DnValue::BmpString("Nürnberg".try_into().expect("it has no other characters"));
    name.push(DnType::LocalityName, place);
    params
}

fn certificate() -> SslCertificate {
    let certificate = params().signed_by(&key_pair(), &root()).expect("the root signs");
    SslCertificate::from_der(certificate.der().to_vec()).expect("it is one")
}

#[test]
fn the_names_of_subject_and_issuer_are_told_part_by_part() {
    let certificate = certificate();
    for (part, values) in [
        (SubjectInfo::CommonName, ["www.example.org"].as_slice()),
        (SubjectInfo::Organization, &["Büro & Söhne"]),
        (SubjectInfo::OrganizationalUnitName, &["Mail"]),
        (SubjectInfo::CountryName, &["DE"]),
        (SubjectInfo::StateOrProvinceName, &["Bayern"]),
        (SubjectInfo::LocalityName, &["Nürnberg"]),
        (SubjectInfo::EmailAddress, &[]),
    ] {
        assert_eq!(certificate.subject_info(part), values, "{part:?}");
    }
    assert_eq!(certificate.issuer_info(SubjectInfo::CommonName), ["Root of all"]);
    assert_eq!(certificate.issuer_info(SubjectInfo::LocalityName), [""; 0]);
    assert_eq!(certificate.issuer_name(), "O=Example,CN=Root of all");
    assert!(certificate.subject_name().contains("CN=www.example.org"));
}

#[test]
fn serial_number_dates_and_alternative_names_are_told() {
    let certificate = certificate();
    assert_eq!(certificate.serial_number(), [0x12, 0x34, 0x56]);
    let date = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
    assert_eq!(certificate.effective_date(), date(50 * 365 + 12));
    // After 2049 a date has another form.
    assert_eq!(certificate.expiry_date(), date(90 * 365 + 22));
    let address = |text: &str| AlternativeName::Ip(text.parse::<IpAddr>().expect("it is one"));
    let names = [
        AlternativeName::Dns("www.example.org".to_owned()),
        address("192.0.2.1"),
        address("2001:db8::1"),
        AlternativeName::Email("ann@example.org".to_owned()),
    ];
    assert_eq!(certificate.subject_alternative_names(), names);
}

#[test]
fn a_certificate_is_shown_by_the_name_of_its_subject() {
    let mut params = CertificateParams::new(["www.example.org".to_owned()]).expect("it is valid");
    params.distinguished_name = rcgen::DistinguishedName::new();
    let unnamed = params.self_signed(&key_pair()).expect("it signs itself");
    let unnamed = SslCertificate::from_der(unnamed.der().to_vec()).expect("it is one");
    assert_eq!(unnamed.to_string(), "www.example.org");
    let named = certificate();
    assert_eq!(named.to_string(), named.subject_name());
    let shown = format!("{named:?}");
    for part in ["CN=www.example.org", "CN=Root of all", "12:34:56", "2020-01-01", "ann@example"] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn only_a_certificate_signed_with_its_own_key_is_self_signed() {
    let root = root();
    let own = SslCertificate::from_der(root.der().to_vec()).expect("it is one");
    assert!(own.is_self_signed() && own.is_ca());
    assert!(!certificate().is_self_signed() && !certificate().is_ca());
    // It has the name of its issuer, and is signed with another key.
    let mut namesake = params();
    namesake.distinguished_name = rcgen::DistinguishedName::new();
    namesake.distinguished_name.push(DnType::CommonName, "Root of all");
    namesake.distinguished_name.push(DnType::OrganizationName, "Example");
    let namesake = namesake.signed_by(&key_pair(), &root).expect("the root signs");
    let namesake = SslCertificate::from_der(namesake.der().to_vec()).expect("it is one");
    assert_eq!(namesake.subject_name(), namesake.issuer_name());
    assert!(!namesake.is_self_signed());
}

#[test]
fn every_usual_signature_is_known() {
    for algorithm in
        [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384]
    {
        let pair = KeyPair::generate_for(algorithm).expect("a key is generated");
        let own = params().self_signed(&pair).expect("it signs itself");
        let own = SslCertificate::from_der(own.der().to_vec()).expect("it is one");
        assert!(own.is_self_signed(), "{algorithm:?}");
    }
}

// The crate `sha2` comes with this feature.
#[test]
fn the_digest_is_the_fingerprint_of_the_bytes() {
    use sha2::Digest as _;
    let certificate = certificate();
    assert_eq!(certificate.digest()[..], sha2::Sha256::digest(certificate.to_der())[..]);
}

#[test]
fn a_text_holds_several_certificates_in_order() {
    let (one, other) = (certificate(), certificate());
    let text = format!(
        "The first one:\n{}-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n{}",
        one.to_pem(),
        other.to_pem()
    );
    let parsed = SslCertificate::from_pem(text).expect("they are valid");
    assert_eq!(parsed, [one.clone(), other.clone()]);
    assert_ne!(one, other);
    // Windows ends its lines otherwise.
    let text = one.to_pem().replace('\n', "\r\n");
    assert_eq!(SslCertificate::from_pem(text).expect("it is valid"), [one]);
}

#[test]
fn the_written_text_is_what_others_write() {
    let signed = params().signed_by(&key_pair(), &root()).expect("the root signs");
    let certificate = SslCertificate::from_der(signed.der().to_vec()).expect("it is one");
    assert_eq!(certificate.to_pem(), signed.pem().replace("\r\n", "\n"));
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn a_file_may_have_either_form() {
    let certificate = certificate();
    let (pem, binary) = (file("certificate.pem"), file("certificate.der"));
    fs::write(&pem, certificate.to_pem()).expect("the file is written");
    fs::write(&binary, certificate.to_der()).expect("the file is written");
    for path in [&pem, &binary] {
        let read = SslCertificate::from_file(path).expect("it is valid");
        assert_eq!(read, std::slice::from_ref(&certificate));
    }
    let missing = file("no such certificate.pem");
    let error = SslCertificate::from_file(&missing).expect_err("there is no file").to_string();
    assert!(error.starts_with(&format!("cannot read {}: ", missing.display())), "{error}");
}

#[test]
fn what_is_no_certificate_is_refused_with_the_reason() {
    let error = SslCertificate::from_pem("").expect_err("there is none");
    assert!(matches!(error, SslParseError::NothingFound { label: "CERTIFICATE", .. }), "{error}");
    let cut = certificate().to_pem().split_at(200).0.to_owned();
    let error = SslCertificate::from_pem(cut).expect_err("it is cut");
    assert!(matches!(error, SslParseError::Pem { .. }), "{error}");
    let error = SslCertificate::from_der(*b"garbage").expect_err("it is none");
    assert!(matches!(error, SslParseError::Der { .. }), "{error}");
    let mut longer = certificate().to_der().to_vec();
    longer.push(0);
    SslCertificate::from_der(longer).expect_err("something follows");
    let inner = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let error = SslCertificate::from_pem(inner).expect_err("an empty sequence is none");
    assert!(error.to_string().starts_with("the bytes are no DER of a certificate"), "{error}");
}

/// Asks a certificate for all that it says.
fn ask(certificate: &SslCertificate) {
    for part in [SubjectInfo::CommonName, SubjectInfo::LocalityName, SubjectInfo::EmailAddress] {
        certificate.subject_info(part);
        certificate.issuer_info(part);
    }
    certificate.subject_alternative_names();
    certificate.is_self_signed();
    certificate.is_ca();
    certificate.effective_date();
    certificate.expiry_date();
    certificate.digest();
    assert!(!format!("{certificate} {certificate:?}").is_empty());
    let again = SslCertificate::from_pem(certificate.to_pem()).expect("it was one");
    assert_eq!(again, std::slice::from_ref(certificate));
}

proptest! {
    #[test]
    fn garbage_is_an_error_or_a_certificate_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        drop(SslCertificate::from_der(bytes.clone()));
        drop(SslCertificate::from_pem(&bytes));
        let whole = certificate();
        let at = changes[0].0.index(whole.to_der().len());
        SslCertificate::from_der(&whole.to_der()[..at]).expect_err("a part is none");
        let mut changed = whole.to_der().to_vec();
        for (at, byte) in &changes {
            let at = at.index(changed.len());
            changed[at] = *byte;
        }
        if let Ok(certificate) = SslCertificate::from_der(changed) {
            ask(&certificate);
        }
        let mut text = whole.to_pem().into_bytes();
        for (at, byte) in &changes {
            let at = at.index(text.len());
            text[at] = *byte;
        }
        for certificate in SslCertificate::from_pem(&text).into_iter().flatten() {
            ask(&certificate);
        }
    }
}
