//! `SslKey`: the forms in which OpenSSL writes private keys, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use slotwire::{KeyAlgorithm, SslKey, SslParseError};

/// The text of a key that OpenSSL has written.
macro_rules! key {
    ($file:literal) => {
        include_str!(concat!($file, ".pem"))
    };
}

/// Returns the bytes in the only section of a text.
fn der(pem: &str) -> Vec<u8> {
    use base64::Engine as _;
    let code: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(code).expect("the text is base 64")
}

#[test]
fn each_form_of_a_key_is_parsed() {
    for (pem, algorithm) in [
        (key!("rsa_pkcs1"), KeyAlgorithm::Rsa),
        (key!("rsa_pkcs8"), KeyAlgorithm::Rsa),
        (key!("p256_sec1"), KeyAlgorithm::Ec),
        (key!("ed25519"), KeyAlgorithm::Ed25519),
    ] {
        let key = SslKey::from_pem(pem).expect("the key can be used");
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(SslKey::from_der(&der(pem)).expect("the key can be used"), key);
    }
}

#[test]
fn keys_are_equal_whatever_form_they_have() {
    let key = |pem| SslKey::from_pem(pem).expect("the key can be used");
    assert_eq!(key(key!("rsa_pkcs1")), key(key!("rsa_pkcs8")));
    assert_ne!(key(key!("rsa_pkcs1")), key(key!("p256_sec1")));
    assert_eq!(key(key!("ed25519")).clone(), key(key!("ed25519")));
}

#[test]
fn the_secret_is_not_shown() {
    let key = SslKey::from_pem(key!("ed25519")).expect("the key can be used");
    assert_eq!(format!("{key:?}"), "SslKey { algorithm: Ed25519, .. }");
}

#[test]
fn an_encrypted_key_is_refused_with_the_way_to_decrypt_it() {
    for pem in [key!("encrypted_pkcs1"), key!("encrypted_pkcs8")] {
        let error = SslKey::from_pem(pem).expect_err("it is encrypted");
        assert!(matches!(error, SslParseError::EncryptedKey), "{error}");
        assert!(error.to_string().contains("openssl pkcs8"), "{error}");
    }
    SslKey::from_der(&der(key!("encrypted_pkcs8"))).expect_err("it is encrypted");
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_those_that_can() {
    for pem in [key!("rsa_1024"), key!("p521_sec1"), key!("ed448")] {
        let error = SslKey::from_pem(pem).expect_err("it is not supported");
        assert!(matches!(error, SslParseError::UnsupportedKey { .. }), "{error}");
        assert!(error.to_string().contains("Ed25519"), "{error}");
    }
}

#[test]
fn a_text_without_a_key_names_the_section_that_it_needs() {
    let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for text in ["", "no key", certificate] {
        let error = SslKey::from_pem(text).expect_err("there is none");
        assert!(error.to_string().contains("-----BEGIN PRIVATE KEY-----"), "{error}");
    }
    let cut = key!("rsa_pkcs1").split_at(200).0;
    let error = SslKey::from_pem(cut).expect_err("it is cut");
    assert!(matches!(error, SslParseError::Pem { .. }), "{error}");
}

#[test]
fn the_first_key_of_a_text_is_taken() {
    let text = format!(
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{}{}",
        key!("p256_sec1"),
        key!("ed25519")
    );
    let key = SslKey::from_pem(text).expect("there is one");
    assert_eq!(key.algorithm(), KeyAlgorithm::Ec);
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn a_file_may_have_either_form() {
    let (pem, binary) = (file("key.pem"), file("key.der"));
    fs::write(&pem, key!("rsa_pkcs8")).expect("the file is written");
    fs::write(&binary, der(key!("rsa_pkcs8"))).expect("the file is written");
    let key = SslKey::from_file(&pem).expect("the key can be used");
    assert_eq!(SslKey::from_file(&binary).expect("the key can be used"), key);
    let missing = file("no such key.pem");
    let error = SslKey::from_file(&missing).expect_err("there is no file").to_string();
    assert!(error.starts_with(&format!("cannot read {}: ", missing.display())), "{error}");
}

proptest! {
    #[test]
    fn garbage_is_an_error_or_a_key_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cut in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        drop(SslKey::from_der(&bytes));
        drop(SslKey::from_pem(&bytes));
        for pem in [key!("rsa_pkcs1"), key!("p256_sec1"), key!("ed25519")] {
            let mut der = der(pem);
            let at = cut.index(der.len());
            SslKey::from_der(&der[..at]).expect_err("a part of a key is no key");
            der[at] ^= flip;
            drop(SslKey::from_der(&der));
            let mut text = pem.as_bytes().to_vec();
            text[cut.index(pem.len())] ^= flip;
            drop(SslKey::from_pem(&text));
            drop(SslKey::from_pem(&pem.as_bytes()[..cut.index(pem.len())]));
        }
    }
}
