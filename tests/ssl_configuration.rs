//! `SslConfiguration`: its settings, and those that are refused.

use std::time::Duration;

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use slotwire::{
    PeerVerifyMode, SslCertificate, SslCipher, SslConfiguration, SslConfigurationError, SslError,
    SslErrorKind, SslKey, SslParseError, SslProtocol,
};

fn key_pair() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key is generated")
}

fn issuer() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::CrlSign, KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, "Root");
    CertifiedIssuer::self_signed(params, key_pair()).expect("it signs itself")
}

/// A certificate of this name that signs itself, and its key.
fn identity(name: &str) -> (SslCertificate, SslKey) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let pair = key_pair();
    let certificate = params.self_signed(&pair).expect("it signs itself");
    let certificate = SslCertificate::from_der(certificate.der().to_vec()).expect("it is one");
    (certificate, SslKey::from_der(&pair.serialize_der()).expect("the key can be used"))
}

#[test]
fn the_defaults_are_those_of_a_client() {
    let configuration = SslConfiguration::new();
    assert!(configuration.has_system_ca_certificates());
    assert_eq!(configuration.local_certificate(), None);
    assert_eq!(configuration.private_key(), None);
    assert_eq!(configuration.peer_verify_mode(), PeerVerifyMode::Auto);
    assert_eq!(configuration.peer_verify_depth(), 0);
    assert_eq!(configuration.protocol(), SslProtocol::SecureProtocols);
    assert_eq!(configuration.ciphers(), SslCipher::supported());
    assert_eq!(configuration.allowed_next_protocols(), [[]; 0]);
    assert!(configuration.session_resumption());
    assert_eq!(configuration.handshake_timeout(), Some(Duration::from_secs(30)));
    assert_eq!(configuration.close_timeout(), Duration::from_secs(5));
    assert_eq!(configuration, SslConfiguration::default());
}

#[test]
fn a_setting_changes_the_value_and_not_its_clones() {
    let before = SslConfiguration::new();
    let after = before
        .clone()
        .with_peer_verify_mode(PeerVerifyMode::Verify)
        .with_peer_verify_depth(3)
        .with_session_resumption(false)
        .with_handshake_timeout(None)
        .with_close_timeout(Duration::ZERO);
    assert_eq!(after.peer_verify_mode(), PeerVerifyMode::Verify);
    assert_eq!(after.peer_verify_depth(), 3);
    assert!(!after.session_resumption());
    assert_eq!(after.handshake_timeout(), None);
    assert_eq!(after.close_timeout(), Duration::ZERO);
    assert_eq!(before, SslConfiguration::new());
    assert_ne!(before, after);
}

#[test]
fn the_roots_are_replaced_or_added_to() {
    let (one, _) = identity("One");
    let (other, _) = identity("Other");
    let own = SslConfiguration::new().with_ca_certificates([one.clone()]).expect("it is a root");
    assert!(!own.has_system_ca_certificates());
    assert_eq!(own.ca_certificates(), std::slice::from_ref(&one));
    let both =
        own.with_added_ca_certificates([one.clone(), other.clone()]).expect("they are roots");
    assert_eq!(both.ca_certificates(), [one.clone(), other.clone()]);
    let none = both.clone().with_ca_certificates([]).expect("no root is a choice too");
    assert_eq!(none.ca_certificates(), []);
    let system = both.with_system_ca_certificates();
    assert!(system.has_system_ca_certificates() && system == SslConfiguration::new());
    let more = system.with_added_ca_certificates([other.clone()]).expect("it is a root");
    assert!(more.has_system_ca_certificates());
    assert_eq!(more.ca_certificates().last(), Some(&other));
}

#[test]
fn the_key_must_be_that_of_the_first_certificate() {
    let (one, key) = identity("One");
    let (other, other_key) = identity("Other");
    let empty = SslConfiguration::new();
    let with = |chain: &[&SslCertificate], key: &SslKey| {
        empty.clone().with_local_certificate(chain.iter().copied().cloned(), key.clone())
    };
    let configuration = with(&[&one, &other], &key).expect("the key fits");
    assert_eq!(configuration.local_certificate(), Some(&one));
    assert_eq!(configuration.local_certificate_chain(), [one.clone(), other.clone()]);
    assert_eq!(configuration.private_key(), Some(&key));
    assert_eq!(configuration.without_local_certificate(), empty);

    let error = with(&[&one, &other], &other_key).expect_err("it is the key of the second one");
    let certificate = one.to_string();
    assert_eq!(error, SslConfigurationError::KeyOfAnotherCertificate { certificate });
    assert!(error.to_string().contains("CN=One"), "{error}");
    assert_eq!(with(&[], &key), Err(SslConfigurationError::NoCertificate));
}

#[test]
fn the_names_of_application_protocols_have_limits() {
    let with = |names: Vec<Vec<u8>>| SslConfiguration::new().with_allowed_next_protocols(names);
    let configuration = with(vec![b"h2".to_vec(), vec![b'x'; 255]]).expect("they are valid");
    assert_eq!(configuration.allowed_next_protocols(), [b"h2".to_vec(), vec![b'x'; 255]]);
    for length in [0, 256] {
        let error = with(vec![vec![b'x'; length]]).expect_err("the length is wrong");
        assert_eq!(error, SslConfigurationError::ProtocolName { length });
    }
    with(vec![vec![b'x'; 254]; 257]).expect("they have 65,535 bytes together");
    let error = with(vec![vec![b'x'; 255]; 256]).expect_err("they are too many");
    assert_eq!(error, SslConfigurationError::TooManyProtocols { length: 65_536 });
    assert_eq!(with(Vec::new()), Ok(SslConfiguration::new()));
}

#[test]
fn a_cipher_must_belong_to_the_protocol() {
    let cipher = |name| SslCipher::from_name(name).expect("it exists");
    let (new, old) =
        (cipher("TLS_AES_128_GCM_SHA256"), cipher("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    assert_eq!(new.name(), "TLS13_AES_128_GCM_SHA256");
    assert_eq!((new.protocol(), old.protocol()), (SslProtocol::TlsV1_3, SslProtocol::TlsV1_2));
    let only_old = SslConfiguration::new().with_ciphers([old]).expect("TLS 1.2 is allowed");
    assert_eq!(only_old.ciphers(), [old]);
    let protocol = SslProtocol::TlsV1_3OrLater;
    let refused = Err(SslConfigurationError::NoCipher { protocol });
    assert_eq!(only_old.with_protocol(protocol), refused);
    let only_new = SslConfiguration::new().with_protocol(protocol).expect("it has ciphers");
    assert_eq!(only_new.clone().with_ciphers([old]), refused);
    assert_eq!(only_new.clone().with_ciphers([]), refused);
    only_new.with_ciphers([old, new]).expect("one of them belongs to TLS 1.3");
    for cipher in SslCipher::supported() {
        assert_eq!(SslCipher::from_name(cipher.name()), Some(cipher));
    }
    assert_eq!(SslCipher::from_name("TLS_RSA_WITH_RC4_128_MD5"), None);
}

fn list() -> Vec<u8> {
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 1, 1),
        next_update: date_time_ymd(2035, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&issuer()).expect("the issuer signs").der().to_vec()
}

#[test]
fn what_is_no_revocation_list_is_refused() {
    let with = |bytes: &[u8]| SslConfiguration::new().with_revocation_lists(bytes);
    with(&list()).expect("the list is valid");
    assert!(matches!(with(b"garbage"), Err(SslParseError::Der { .. })));
    let certificate = identity("One").0.to_pem();
    let error = with(certificate.as_bytes()).expect_err("it is no list");
    assert!(error.to_string().contains("-----BEGIN X509 CRL-----"), "{error}");
}

#[test]
fn neither_the_key_nor_the_roots_are_shown() {
    let (certificate, key) = identity("One");
    let configuration =
        SslConfiguration::new().with_local_certificate([certificate], key).expect("the key fits");
    let shown = format!("{configuration:?}");
    assert!(shown.contains("CN=One") && !shown.contains("key"), "{shown}");
}

#[test]
fn an_error_says_what_is_wrong_with_which_certificate() {
    let (certificate, _) = identity("One");
    let error = SslError::new(SslErrorKind::CertificateExpired, Some(certificate.clone()));
    assert_eq!(error.kind(), SslErrorKind::CertificateExpired);
    assert_eq!(error.certificate(), Some(&certificate));
    let kind = SslErrorKind::CertificateExpired;
    assert_eq!(error.to_string(), format!("{kind} (CN=One)"));
    let nobody = SslError::new(SslErrorKind::NoPeerCertificate, None);
    assert_eq!(nobody.to_string(), "the peer sent no certificate");
    assert_ne!(error, nobody);
}

proptest! {
    #[test]
    fn garbage_is_an_error_or_a_list_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let with = |bytes: &[u8]| SslConfiguration::new().with_revocation_lists(bytes);
        drop(with(&bytes));
        let mut list = list();
        let at = at.index(list.len());
        prop_assert!(with(&list[..at]).is_err());
        list[at] ^= flip;
        drop(with(&list));
    }
}
