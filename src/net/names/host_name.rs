//! `HostName`: a host's name in the form in which the system looks it up.
//!
//! Keeps three promises. A given name with non-ASCII letters is converted to ASCII, so that all
//! spellings of an internationalised name are one name. All names that RFC 6761 gives to this host
//! become `localhost`. Every other name in ASCII is unchanged. A text that cannot be a host's name
//! never becomes a `HostName`.

use std::hash::{Hash, Hasher};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::idn;
use super::lookup::LookupFailure;
use crate::net::values::parse_address;

/// The longest name that is looked up, in bytes of its ASCII form: the limit of the domain name
/// system.
const MAX_NAME: usize = 255;

/// The longest name that is converted to ASCII, in bytes. The longest valid name takes some
/// hundreds.
const MAX_GIVEN: usize = 4096;

/// The name by which every host calls itself.
const LOCALHOST: &str = "localhost";

/// A host's name, ready to be looked up. Upper and lower case are the same name.
#[derive(Clone, Debug)]
pub(crate) struct HostName(Arc<str>);

impl HostName {
    /// Parses a name that a user gave. Fails with the reason if the text cannot be a host's name.
    pub(crate) fn parse(given: &str) -> Result<Self, LookupFailure> {
        if given.is_empty() {
            return Err(refusal("a host name cannot be empty"));
        }
        if given.contains('\0') {
            return Err(refusal("a host name cannot contain a NUL character"));
        }
        if !given.is_ascii() && given.len() > MAX_GIVEN {
            let reason = format!("a host name of {} bytes is longer than {MAX_GIVEN}", given.len());
            return Err(refusal(reason));
        }
        let name: Arc<str> = match given.split_once('%') {
            _ if given.is_ascii() => given.into(),
            // After the percent sign is the name of an interface, which is not converted.
            Some((host, _)) if host.is_ascii() => given.into(),
            Some((host, interface)) => format!("{}%{interface}", to_ascii(host)?).into(),
            None => to_ascii(given)?.into(),
        };
        if name.len() > MAX_NAME {
            let reason = format!("a host name of {} bytes is longer than {MAX_NAME}", name.len());
            return Err(refusal(reason));
        }
        if is_below_localhost(&name) {
            return Ok(Self(LOCALHOST.into()));
        }
        Ok(Self(name))
    }

    /// Returns the name as it was given, or its ASCII form if it had non-ASCII letters.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if the name is `localhost`, in upper or lower case.
    pub(in crate::net) fn is_localhost(&self) -> bool {
        self.0.eq_ignore_ascii_case(LOCALHOST)
    }

    /// Parses the name as a literal address, with port 0. `index_of` finds the index of an
    /// interface by its name.
    pub(super) fn literal(&self, index_of: &dyn Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
        parse_address(&self.0, index_of)
    }

    /// Parses a text that a user gave as a literal address. The result is that of
    /// [`parse`](Self::parse) and [`literal`](Self::literal), at a lower cost for ASCII.
    pub(in crate::net) fn literal_of(
        given: &str,
        index_of: &dyn Fn(&str) -> Option<u32>,
    ) -> Option<SocketAddr> {
        match given.is_ascii() {
            true => parse_address(given, index_of),
            false => Self::parse(given).ok()?.literal(index_of),
        }
    }
}

/// Returns true if the name is another spelling of `localhost`: with the dot of the root, or with
/// labels before it (RFC 6761, section 6.3). Name servers must not be asked for such a name, and
/// the system's list of hosts mostly lacks it.
fn is_below_localhost(name: &str) -> bool {
    // The end of this name belongs to an interface, not to the host.
    if name.contains('%') {
        return false;
    }
    let (labels, has_root) = match name.strip_suffix('.') {
        Some(labels) => (labels, true),
        None => (name, false),
    };
    match labels.rsplit_once('.') {
        Some((before, last)) => {
            last.eq_ignore_ascii_case(LOCALHOST) && before.split('.').all(|label| !label.is_empty())
        }
        None => has_root && labels.eq_ignore_ascii_case(LOCALHOST),
    }
}

/// Creates the failure for a text that cannot be a host's name.
fn refusal(reason: impl Into<Arc<str>>) -> LookupFailure {
    LookupFailure { kind: io::ErrorKind::NotFound, reason: reason.into() }
}

fn to_ascii(name: &str) -> Result<String, LookupFailure> {
    idn::to_ascii(name).map_err(refusal)
}

impl PartialEq for HostName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for HostName {}

impl Hash for HostName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        // Marks the end, as `str` does, so that no name hashes as the beginning of another.
        state.write_u8(0xff);
    }
}

#[cfg(test)]
pub(in crate::net) mod tests {
    use std::hash::{DefaultHasher, Hash};

    use proptest::prelude::*;

    use super::*;

    /// Parses a valid name.
    pub(in crate::net) fn named(given: &str) -> HostName {
        HostName::parse(given).unwrap_or_else(|failure| panic!("{given:?}: {failure}"))
    }

    #[track_caller]
    fn refused(given: &str) -> String {
        let failure = HostName::parse(given).expect_err("it cannot be a name");
        assert_eq!(failure.kind, io::ErrorKind::NotFound);
        failure.to_string()
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_and_says_why() {
        assert_eq!(refused(""), "a host name cannot be empty");
        assert_eq!(refused("a\0b"), "a host name cannot contain a NUL character");
        assert_eq!(refused("ü\0b"), "a host name cannot contain a NUL character");
        assert_eq!(named(&"n".repeat(255)).as_str().len(), 255);
        assert_eq!(refused(&"n".repeat(256)), "a host name of 256 bytes is longer than 255");
    }

    #[test]
    fn a_name_in_ascii_is_what_was_given() {
        let long_label = "n".repeat(64);
        let names = [
            "localhost",
            "Alpha.TEST.",
            "_service._tcp.alpha.test",
            "-a-.b--.--c",
            "xn--zzzzzzz.test",
            "xn--",
            "r3---sn-4g5e.test",
            "a..b",
            ".",
            "a b/c@d",
            "127.1",
            "[::1]",
            "fe80::1%eth0",
            &long_label,
        ];
        for name in names {
            assert_eq!(named(name).as_str(), name);
        }
    }

    #[test]
    fn all_names_of_this_host_are_localhost() {
        for name in ["localhost.", "app.localhost", "a.b.LocalHost.", "x.localhost"] {
            assert_eq!(named(name).as_str(), "localhost", "{name}");
            assert!(named(name).is_localhost());
        }
        assert!(named("LocalHost").is_localhost());
        let others = [
            ".localhost",
            "a..localhost",
            "mylocalhost",
            "localhost.test",
            "localhost..",
            "localhost%lo",
            "fe80::1%nosuch0.localhost",
            "localhost%lo.",
        ];
        for name in others {
            assert_eq!(named(name).as_str(), name);
            assert!(!named(name).is_localhost());
        }
    }

    #[test]
    fn an_interface_keeps_its_name() {
        assert_eq!(named("fe80::1%büro0").as_str(), "fe80::1%büro0");
        assert_eq!(named("alpha.test%büro0").as_str(), "alpha.test%büro0");
    }

    #[test]
    #[cfg(feature = "idn")]
    fn a_name_before_an_interface_is_written_in_ascii() {
        assert_eq!(named("bücher.test%büro0").as_str(), "xn--bcher-kva.test%büro0");
        refused("bücher..test%eth0");
    }

    #[test]
    #[cfg(feature = "idn")]
    fn the_length_of_the_ascii_form_counts() {
        // Each label has 114 bytes in UTF-8, and 63 in ASCII.
        let longest = vec!["ü".repeat(57); 4].join(".");
        assert_eq!((longest.len(), named(&longest).as_str().len()), (459, 255));
        let longer = format!("{longest}.ü");
        assert_eq!(refused(&longer), "a host name of 263 bytes is longer than 255");
        // One letter more in the label makes its ASCII form longer than 63 bytes.
        let label = "ü".repeat(58);
        let reason = "label 1 of an internationalised host name is 64 bytes long in ASCII, more \
                      than 63";
        assert_eq!(refused(&label), reason);
    }

    #[test]
    #[cfg(feature = "idn")]
    fn an_address_in_letters_beyond_ascii_is_a_literal() {
        let localhost = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        for (name, expected) in
            [("１２７.０.０.１", localhost), ("127.0.0.1", localhost), ("alpha", None)]
        {
            assert_eq!(named(name).literal(&|_| None), expected);
            assert_eq!(HostName::literal_of(name, &|_| None), expected);
        }
    }

    #[test]
    fn a_literal_may_name_an_interface_beyond_ascii() {
        let known = |name: &str| (name == "büro0").then_some(7);
        let expected = "[fe80::1%7]:0".parse().unwrap();
        assert_eq!(named("fe80::1%büro0").literal(&known), Some(expected));
        assert_eq!(HostName::literal_of("fe80::1%büro0", &known), Some(expected));
    }

    fn hash(name: &HostName) -> u64 {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish()
    }

    proptest! {
        #[test]
        fn a_name_that_was_read_reads_as_itself(given in "(\\PC|\\.){0,20}") {
            if let Ok(name) = HostName::parse(&given) {
                prop_assert!(name.as_str().len() <= MAX_NAME);
                prop_assert!(name.as_str().is_ascii() || given.contains('%'));
                let again = named(name.as_str());
                prop_assert_eq!(again.as_str(), name.as_str());
            }
        }

        #[test]
        fn names_are_the_same_if_only_their_case_differs(one in "[aAbB.]{1,4}", two in "[aAbB.]{1,4}") {
            let (first, second) = (named(&one), named(&two));
            let [lower, other] = [&one, &two].map(|name| name.to_ascii_lowercase());
            let are_same = lower == other;
            prop_assert_eq!(first == second, are_same);
            prop_assert!(!are_same || hash(&first) == hash(&second));
        }
    }
}
