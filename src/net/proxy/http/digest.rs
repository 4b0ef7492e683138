//! `Digest`: the proof of a password by a hash (RFC 7616), with MD5 and SHA-256.
//!
//! The names and realms are hashed and sent in UTF-8, as they are: the library normalises no text.

use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::hash::{BuildHasher, Hasher};

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::net::proxy::protocol::Credentials;

/// A challenge of the scheme Digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) realm: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    pub(super) opaque: Option<Vec<u8>>,
    /// The algorithm, if the proxy has named it. Otherwise it is MD5.
    pub(super) algorithm: Option<Algorithm>,
    /// True if the proxy takes `qop=auth`. Proxies from before 1999 do not.
    pub(super) has_quality: bool,
    /// True if the proxy takes names of users in UTF-8.
    pub(super) takes_utf8: bool,
    /// True if the proxy has said if it takes hashed names of users.
    pub(super) knows_userhash: bool,
}

/// How a password is hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Algorithm {
    hash: Hash,
    /// True if the password's hash is bound to the first nonces.
    is_session: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hash {
    #[default]
    Md5,
    Sha256,
}

/// What a client says once: a request, its own nonce, and how often it has used the proxy's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saying<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) cnonce: &'a str,
    pub(super) count: u32,
}

impl Algorithm {
    const ALL: [(&'static str, Self); 4] = [
        ("MD5", Self { hash: Hash::Md5, is_session: false }),
        ("MD5-sess", Self { hash: Hash::Md5, is_session: true }),
        ("SHA-256", Self { hash: Hash::Sha256, is_session: false }),
        ("SHA-256-sess", Self { hash: Hash::Sha256, is_session: true }),
    ];

    pub(super) fn of(name: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes())).map(|(_, found)| found)
    }

    fn name(self) -> &'static str {
        let known = Self::ALL.into_iter().find(|(_, algorithm)| *algorithm == self);
        known.map_or("", |(name, _)| name)
    }
}

impl Hash {
    /// Returns the hash of the parts with colons between them, in hexadecimal.
    fn of(self, parts: &[&[u8]]) -> String {
        let text = parts.join(&b':');
        match self {
            Self::Md5 => hexadecimal(&Md5::digest(text)),
            Self::Sha256 => hexadecimal(&Sha256::digest(text)),
        }
    }
}

impl Digest {
    pub(super) fn algorithm_name(&self) -> &'static str {
        self.algorithm.unwrap_or_default().name()
    }

    pub(super) fn is_of_md5(&self) -> bool {
        self.algorithm.unwrap_or_default().hash == Hash::Md5
    }

    /// Returns the value of `Proxy-Authorization` that meets the challenge.
    pub(super) fn answer(&self, credentials: &Credentials, saying: Saying<'_>) -> Vec<u8> {
        let Saying { uri, cnonce, count, .. } = saying;
        let mut answer = b"Digest ".to_vec();
        let user = &credentials.user;
        match self.takes_utf8 && !user.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            true => {
                answer.extend(b"username*=UTF-8''");
                push_percent_encoded(&mut answer, user);
            }
            false => {
                answer.extend(b"username=");
                push_quoted(&mut answer, user.as_bytes());
            }
        }
        let response = self.response(credentials, saying);
        let quoted = [
            ("realm", Some(self.realm.as_slice())),
            ("nonce", Some(&self.nonce)),
            ("uri", Some(uri.as_bytes())),
            ("response", Some(response.as_bytes())),
            ("cnonce", self.uses_cnonce().then_some(cnonce.as_bytes())),
            ("opaque", self.opaque.as_deref()),
        ];
        for (name, value) in quoted {
            let Some(value) = value else { continue };
            answer.extend([b", ", name.as_bytes(), b"="].concat());
            push_quoted(&mut answer, value);
        }
        if let Some(algorithm) = self.algorithm {
            answer.extend(format!(", algorithm={}", algorithm.name()).bytes());
        }
        if self.has_quality {
            answer.extend(format!(", qop=auth, nc={count:08x}").bytes());
        }
        if self.knows_userhash {
            answer.extend(b", userhash=false");
        }
        answer
    }

    fn uses_cnonce(&self) -> bool {
        self.has_quality || self.algorithm.unwrap_or_default().is_session
    }

    /// Returns the hash that proves the password.
    fn response(&self, credentials: &Credentials, saying: Saying<'_>) -> String {
        let Saying { method, uri, cnonce, count } = saying;
        let Algorithm { hash, is_session } = self.algorithm.unwrap_or_default();
        let Credentials { user, password } = credentials;
        let mut secret = hash.of(&[user.as_bytes(), &self.realm, password.as_bytes()]);
        if is_session {
            secret = hash.of(&[secret.as_bytes(), &self.nonce, cnonce.as_bytes()]);
        }
        let request = hash.of(&[method.as_bytes(), uri.as_bytes()]);
        let (secret, request) = (secret.as_bytes(), request.as_bytes());
        match self.has_quality {
            true => {
                let count = format!("{count:08x}");
                let (count, cnonce) = (count.as_bytes(), cnonce.as_bytes());
                hash.of(&[secret, &self.nonce, count, cnonce, b"auth", request])
            }
            false => hash.of(&[secret, &self.nonce, request]),
        }
    }
}

/// Returns a nonce that nobody can foresee: 128 bits of the keys that std makes for its maps.
pub(super) fn new_cnonce() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Appends a text between quotation marks.
fn push_quoted(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            bytes.push(b'\\');
        }
        bytes.push(byte);
    }
    bytes.push(b'"');
}

/// Appends a text in the form of RFC 8187.
fn push_percent_encoded(bytes: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            true => bytes.push(byte),
            false => bytes.extend(format!("%{byte:02X}").bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials { user: user.to_owned(), password: password.to_owned() }
    }

    fn challenge(realm: &str, nonce: &str, algorithm: &str) -> Digest {
        Digest {
            realm: realm.into(),
            nonce: nonce.into(),
            opaque: None,
            algorithm: Algorithm::of(algorithm.as_bytes()),
            has_quality: true,
            takes_utf8: false,
            knows_userhash: false,
        }
    }

    fn get(cnonce: &str) -> Saying<'_> {
        Saying { method: "GET", uri: "/dir/index.html", cnonce, count: 1 }
    }

    /// RFC 7616, 3.9.1.
    #[test]
    fn the_example_with_both_hashes_comes_out() {
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let said = get("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
        let mufasa = credentials("Mufasa", "Circle of Life");
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let digest = challenge("http-auth@example.org", nonce, algorithm);
            assert_eq!(digest.response(&mufasa, said), expected);
        }
    }

    /// RFC 2617, 3.5.
    #[test]
    fn the_older_example_comes_out() {
        let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
        let digest = Digest {
            opaque: Some(b"5ccc069c403ebaf9f0171e9517f40e41".to_vec()),
            ..challenge("testrealm@host.com", nonce, "")
        };
        let answer = digest.answer(&credentials("Mufasa", "Circle Of Life"), get("0a4f113b"));
        assert_eq!(
            String::from_utf8(answer).unwrap(),
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
             response=\"6629fae49393a05397450978507c4ef1\", cnonce=\"0a4f113b\", \
             opaque=\"5ccc069c403ebaf9f0171e9517f40e41\", qop=auth, nc=00000001"
        );
    }

    /// The hashes were computed with Python's `hashlib`.
    #[test]
    fn a_session_and_a_challenge_without_quality_come_out() {
        let said = get("0a4f113b");
        let ann = credentials("ann", "pw");
        for (algorithm, expected) in [("MD5-sess", MD5_SESSION), ("SHA-256-sess", SHA_SESSION)] {
            assert_eq!(challenge("zone", "n", algorithm).response(&ann, said), expected);
        }
        let old = Digest { has_quality: false, ..challenge("zone", "n", "") };
        assert_eq!(old.response(&ann, said), MD5_WITHOUT_QUALITY);
        let answer = String::from_utf8(old.answer(&ann, said)).unwrap();
        assert!(!answer.contains("nonce=\"0a4f113b\"") && !answer.contains("qop"), "{answer}");
    }

    const MD5_SESSION: &str = "4db53204781f517e516829ff055a7e5a";
    const SHA_SESSION: &str = "ecb6767cc10d45a1fb165ac0edb5392fc03ee89b6cf19f2f425f429c1ef81d54";
    const MD5_WITHOUT_QUALITY: &str = "565990f682a45f4905d71ad1e6d9fd0b";

    #[test]
    fn names_are_quoted_or_in_utf8() {
        let start = |digest: &Digest, user: &str| {
            let answer = digest.answer(&credentials(user, "pw"), get("c"));
            let answer = String::from_utf8(answer).unwrap();
            answer.split_once(", realm").unwrap().0.to_owned()
        };
        let plain = challenge("zone", "n", "SHA-256");
        assert_eq!(start(&plain, r#"a"b\c"#), r#"Digest username="a\"b\\c""#);
        assert_eq!(start(&plain, "Jäsøn"), "Digest username=\"Jäsøn\"");
        let utf8 = Digest { takes_utf8: true, ..plain };
        assert_eq!(start(&utf8, "Jäsøn Doe"), "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe");
        assert_eq!(start(&utf8, "ann"), "Digest username=\"ann\"");
    }

    #[test]
    fn each_nonce_of_a_client_is_another() {
        let (one, two) = (new_cnonce(), new_cnonce());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }
}
