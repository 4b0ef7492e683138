//! `Challenge`: how a proxy wants a client to prove who it is (RFC 9110, 11.6.1 and 11.7.1).

use super::digest::{Algorithm, Digest};
use crate::net::values::{EngineFailure, SocketError};

/// How many names of schemes are kept for an error's text.
const MOST_NAMES: usize = 4;

/// The longest name of a scheme that is shown, in bytes.
const LONGEST_NAME: usize = 32;

/// The longest value of a parameter that is kept, in bytes. A proof repeats some of them.
const LONGEST_VALUE: usize = 4 * 1024;

/// What a proxy demands, in a scheme that is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic {
        realm: Vec<u8>,
    },
    Digest {
        digest: Digest,
        /// True if the credentials were right, and only the nonce was too old.
        is_stale: bool,
    },
}

/// The schemes by which credentials can be given to some client, though perhaps not here.
const SCHEMES: [&str; 4] = ["basic", "digest", "ntlm", "negotiate"];

/// The schemes that are not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unusable {
    /// Empty if the proxy has named none.
    names: Vec<String>,
    /// True if one of them is known to other clients.
    is_of_others: bool,
}

impl Challenge {
    /// Returns the strongest of the challenges in the values of `Proxy-Authenticate`: Digest with
    /// SHA-256, Digest with MD5, Basic.
    pub(super) fn strongest<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Self, Unusable> {
        let mut strongest = None;
        let mut unusable = Unusable::default();
        for parts in values.flat_map(Challenges::of) {
            let Some(found) = Self::of(&parts) else {
                unusable.add(parts.scheme);
                continue;
            };
            if strongest.as_ref().is_none_or(|known: &Self| found.strength() > known.strength()) {
                strongest = Some(found);
            }
        }
        strongest.ok_or(unusable)
    }

    /// Returns a challenge, if it is one that can be met.
    fn of(parts: &Parts<'_>) -> Option<Self> {
        let kept = [parts.realm, parts.nonce, parts.opaque];
        if kept.into_iter().flatten().any(|Value(text)| text.len() > LONGEST_VALUE) {
            return None;
        }
        if parts.scheme.eq_ignore_ascii_case(b"basic") {
            let realm = parts.realm.map(Value::to_bytes).unwrap_or_default();
            return Some(Self::Basic { realm });
        }
        if !parts.scheme.eq_ignore_ascii_case(b"digest") {
            return None;
        }
        let algorithm = match parts.algorithm {
            Some(name) => Some(Algorithm::of(&name.to_bytes())?),
            None => None,
        };
        let has_quality = match parts.qop {
            Some(offered) => {
                let offered = offered.to_bytes();
                let mut names = offered.split(|&byte| byte == b',');
                if !names.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"auth")) {
                    return None;
                }
                true
            }
            None => false,
        };
        let is = |value: Option<Value<'_>>, text: &[u8]| {
            value.is_some_and(|value| value.to_bytes().eq_ignore_ascii_case(text))
        };
        let digest = Digest {
            realm: parts.realm.map(Value::to_bytes).unwrap_or_default(),
            nonce: parts.nonce?.to_bytes(),
            opaque: parts.opaque.map(Value::to_bytes),
            algorithm,
            has_quality,
            takes_utf8: is(parts.charset, b"utf-8"),
            knows_userhash: parts.userhash.is_some(),
        };
        Some(Self::Digest { digest, is_stale: is(parts.stale, b"true") })
    }

    fn strength(&self) -> u8 {
        match self {
            Self::Basic { .. } => 0,
            Self::Digest { digest, .. } if digest.is_of_md5() => 1,
            Self::Digest { .. } => 2,
        }
    }

    /// Returns what a program may want to know of the challenge: the names of options, and their
    /// values.
    pub(super) fn options(&self) -> Vec<(&'static str, String)> {
        let (scheme, algorithm) = match self {
            Self::Basic { .. } => ("Basic", None),
            Self::Digest { digest, .. } => ("Digest", Some(digest.algorithm_name())),
        };
        let mut options = vec![("scheme", scheme.to_owned()), ("realm", self.realm())];
        options.extend(algorithm.map(|name| ("algorithm", name.to_owned())));
        options
    }

    /// Returns what the proxy calls the things that the credentials are for.
    fn realm(&self) -> String {
        let (Self::Basic { realm } | Self::Digest { digest: Digest { realm, .. }, .. }) = self;
        match str::from_utf8(realm) {
            Ok(realm) => realm.to_owned(),
            // What is no UTF-8 was Latin-1 for long.
            Err(_) => realm.iter().copied().map(char::from).collect(),
        }
    }
}

impl Unusable {
    fn add(&mut self, scheme: &[u8]) {
        let name = String::from_utf8_lossy(&scheme[..scheme.len().min(LONGEST_NAME)]);
        self.is_of_others |= SCHEMES.iter().any(|known| name.eq_ignore_ascii_case(known));
        if self.names.len() < MOST_NAMES && !self.names.iter().any(|known| *known == name) {
            self.names.push(name.into_owned());
        }
    }

    /// Returns the failure of a request that the proxy refuses for want of such credentials.
    pub(super) fn failure(&self) -> EngineFailure {
        // As in Qt: a proxy that names no scheme which exists does not speak HTTP.
        let kind = match self.is_of_others {
            true => SocketError::ProxyAuthenticationRequired,
            false => SocketError::ProxyProtocol,
        };
        EngineFailure::new(kind, self.reason())
    }

    /// Returns the reason why no credentials can be given.
    fn reason(&self) -> String {
        if self.names.is_empty() {
            return "the proxy requires credentials and does not say in which scheme".to_owned();
        }
        format!(
            "the proxy requires credentials by {}, and only Basic and Digest are known here (Digest \
             with MD5 or SHA-256), with values of up to 4 KiB",
            self.names.join(" or ")
        )
    }
}

/// A challenge with the parameters that matter, as they were said.
#[derive(Default)]
struct Parts<'a> {
    scheme: &'a [u8],
    realm: Option<Value<'a>>,
    nonce: Option<Value<'a>>,
    opaque: Option<Value<'a>>,
    algorithm: Option<Value<'a>>,
    qop: Option<Value<'a>>,
    stale: Option<Value<'a>>,
    charset: Option<Value<'a>>,
    userhash: Option<Value<'a>>,
}

impl<'a> Parts<'a> {
    /// Adds a parameter. If it comes twice, the first one counts.
    fn add(&mut self, name: &[u8], value: Value<'a>) {
        let place = match name.to_ascii_lowercase().as_slice() {
            b"realm" => &mut self.realm,
            b"nonce" => &mut self.nonce,
            b"opaque" => &mut self.opaque,
            b"algorithm" => &mut self.algorithm,
            b"qop" => &mut self.qop,
            b"stale" => &mut self.stale,
            b"charset" => &mut self.charset,
            b"userhash" => &mut self.userhash,
            _ => return,
        };
        place.get_or_insert(value);
    }
}

/// The value of a parameter: a token, or what is between quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Value<'a>(&'a [u8]);

impl Value<'_> {
    /// Returns the value without the backslashes that quote, and without ends of lines.
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len());
        let mut rest = self.0.iter();
        while let Some(&byte) = rest.next() {
            match (byte, rest.as_slice()) {
                (b'\\', &[quoted, ..]) => {
                    bytes.push(quoted);
                    rest.next();
                }
                // A line that goes on in the next one is one line.
                (b'\r' | b'\n', _) => {}
                _ => bytes.push(byte),
            }
        }
        bytes
    }
}

/// The challenges in one value of `Proxy-Authenticate`. What cannot be parsed ends them.
struct Challenges<'a> {
    rest: &'a [u8],
    /// The scheme of the next challenge, which ended the one before.
    scheme: Option<&'a [u8]>,
}

impl<'a> Challenges<'a> {
    fn of(value: &'a [u8]) -> Self {
        Self { rest: value, scheme: None }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Takes a byte, if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Skips commas with space around them. Returns true if there was one.
    fn skip_commas(&mut self) -> bool {
        let mut has_found = false;
        self.skip_space();
        while self.take(b',') {
            has_found = true;
            self.skip_space();
        }
        has_found
    }

    /// Takes a token; it may be empty.
    fn token(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !is_of_token(byte));
        let (token, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        token
    }

    /// Takes the value of a parameter, if there is one.
    fn value(&mut self) -> Option<Value<'a>> {
        if !self.take(b'"') {
            let token = self.token();
            return (!token.is_empty()).then_some(Value(token));
        }
        let mut at = 0;
        loop {
            match self.rest.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        let (text, rest) = self.rest.split_at(at);
        self.rest = &rest[1..];
        Some(Value(text))
    }

    /// Takes a token68, if the rest of the challenge is one.
    fn skip_token68(&mut self) {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
        let text = self.rest.iter().position(|byte| !is_part(byte)).unwrap_or(self.rest.len());
        let padding = self.rest[text..].iter().take_while(|&&byte| byte == b'=').count();
        let after = self.rest[text + padding..].trim_ascii_start();
        if text > 0 && (after.is_empty() || after[0] == b',') {
            self.rest = after;
        }
    }
}

impl<'a> Iterator for Challenges<'a> {
    type Item = Parts<'a>;

    fn next(&mut self) -> Option<Parts<'a>> {
        let scheme = self.scheme.take().unwrap_or_else(|| {
            self.skip_commas();
            self.token()
        });
        if scheme.is_empty() {
            self.rest = &[];
            return None;
        }
        let mut parts = Parts { scheme, ..Parts::default() };
        self.skip_space();
        self.skip_token68();
        // A comma ends a challenge if a token without `=` comes behind it.
        let mut is_first = true;
        loop {
            if !self.skip_commas() && !is_first {
                self.rest = &[];
                break;
            }
            is_first = false;
            let name = self.token();
            self.skip_space();
            if name.is_empty() {
                break;
            }
            if !self.take(b'=') {
                self.scheme = Some(name);
                break;
            }
            self.skip_space();
            let Some(value) = self.value() else {
                self.rest = &[];
                break;
            };
            parts.add(name, value);
        }
        Some(parts)
    }
}

/// Returns true for a byte of a token (RFC 9110, 5.6.2).
pub(super) fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strongest(values: &[&str]) -> Result<Challenge, Unusable> {
        Challenge::strongest(values.iter().map(|value| value.as_bytes()))
    }

    fn digest_in(values: &[&str]) -> Digest {
        match strongest(values) {
            Ok(Challenge::Digest { digest, .. }) => digest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn basic_has_a_realm() {
        for (value, realm) in [
            ("Basic realm=\"zone\"", "zone"),
            ("basic REALM = zone , charset=\"UTF-8\"", "zone"),
            (r#"Basic realm="a \"b\" \\, c=d""#, r#"a "b" \, c=d"#),
            ("Basic realm=\"one\", realm=\"two\"", "one"),
            ("Basic", ""),
            (", ,Basic ,, realm=\"zone\",", "zone"),
            ("Basic realm=\"Zürich\"", "Zürich"),
        ] {
            assert_eq!(strongest(&[value]).unwrap().realm(), realm, "{value}");
        }
        let latin1 = Challenge::strongest([b"Basic realm=\"Z\xfcrich\"".as_slice()].into_iter());
        assert_eq!(latin1.unwrap().realm(), "Zürich");
    }

    #[test]
    fn the_strongest_challenge_counts_wherever_it_is() {
        let (md5, sha) =
            (r#"Digest realm="m", nonce="1""#, r#"Digest realm="s", nonce="2", algorithm=SHA-256"#);
        let basic = r#"Basic realm="b""#;
        let tokens = "Negotiate abc/+==, NTLM";
        let joined = |values: &[&str]| values.join(", ");
        for (values, realm) in [
            (vec![basic, md5, sha], "s"),
            (vec![sha, md5, basic], "s"),
            (vec![md5, basic], "m"),
            (vec![tokens, basic], "b"),
        ] {
            assert_eq!(strongest(&values).unwrap().realm(), realm);
            assert_eq!(strongest(&[&joined(&values)]).unwrap().realm(), realm, "{values:?}");
        }
        let long = format!("Digest nonce={}", "n".repeat(LONGEST_VALUE));
        assert!(matches!(strongest(&[&long]), Ok(Challenge::Digest { .. })), "it is short enough");
        let first = strongest(&[basic, r#"Basic realm="c""#]).unwrap();
        assert_eq!(first.realm(), "b", "of two that are as strong, the first");
    }

    #[test]
    fn a_digest_has_its_parameters() {
        let full = digest_in(&[
            r#"Digest realm="z", qop="auth-int , AUTH", nonce="n\"1", opaque="", algorithm=md5-SESS, userhash=true, charset=UTF-8, domain="/a""#,
        ]);
        assert_eq!(full.nonce, b"n\"1");
        assert_eq!(full.opaque.as_deref(), Some(b"".as_slice()));
        assert_eq!(full.algorithm, Algorithm::of(b"MD5-sess"));
        assert!(full.has_quality && full.takes_utf8 && full.knows_userhash && full.is_of_md5());
        let short = digest_in(&["Digest nonce=n"]);
        assert!(!short.has_quality && !short.takes_utf8 && !short.knows_userhash);
        assert_eq!((short.algorithm, short.opaque), (None, None));
        let stale = strongest(&["Digest nonce=n, stale=TRUE"]);
        assert!(matches!(stale, Ok(Challenge::Digest { is_stale: true, .. })));
    }

    #[test]
    fn what_cannot_be_met_is_named() {
        for (values, text) in [
            (
                vec!["NTLM", "Negotiate", "negotiate2 a=b", "NTLM"],
                "NTLM or Negotiate or negotiate2",
            ),
            (vec!["Negotiate abc/+=="], "Negotiate"),
            (vec!["Negotiate abc==, NTLM abc ,Other"], "Negotiate or NTLM or Other"),
            (vec!["Digest nonce=n, algorithm=SHA-512-256"], "Digest"),
            (vec!["Digest nonce=n, qop=\"auth-int\""], "Digest"),
            (vec!["Digest realm=\"no nonce\""], "Digest"),
            (vec![&format!("Digest nonce={}", "n".repeat(LONGEST_VALUE + 1))], "Digest"),
            (vec![&format!("Basic realm={}", "r".repeat(LONGEST_VALUE + 1))], "Basic"),
        ] {
            let reason = strongest(&values).unwrap_err().reason();
            assert!(reason.contains(&format!("credentials by {text}, and")), "{reason}");
        }
        assert!(strongest(&[]).unwrap_err().reason().contains("does not say"));
        assert!(strongest(&["\"", "=", ""]).unwrap_err().reason().contains("does not say"));
    }

    #[test]
    fn what_comes_before_a_mistake_counts() {
        for value in [
            "Basic realm=\"zone\" x",
            "Basic realm=\"zone\", a=\"open",
            "Basic realm=\"zone\", \"",
            "Basic realm=\"zone\", a=\"\\",
        ] {
            assert_eq!(strongest(&[value]).unwrap().realm(), "zone", "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_value_comes_to_an_end(value in "[a-zA-Z =,\"\\\\\r\n/]{0,60}") {
            if let Ok(challenge) = strongest(&[&value]) {
                challenge.realm();
            }
        }
    }
}
