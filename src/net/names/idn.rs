//! Internationalised names: the conversion of a host's name to the ASCII form of the domain name
//! system (UTS 46).
//!
//! Converts like web browsers: letters are mapped (`BÜCHER` becomes `bücher`), `ß` is kept,
//! underscores and hyphens are allowed everywhere, and a name that a browser refuses is refused.
//! This module is called only for names with non-ASCII letters.

/// Returns the ASCII form of a name. Fails with the reason if there is none.
#[cfg(not(feature = "idn"))]
pub(in crate::net) fn to_ascii(_: &str) -> Result<String, String> {
    Err("a non-ASCII host name needs slotwire's feature `idn`, which is off".to_owned())
}

#[cfg(all(test, not(feature = "idn")))]
#[test]
fn without_the_feature_a_name_beyond_ascii_is_refused_and_says_so() {
    assert!(to_ascii("bücher.test").unwrap_err().contains("`idn`"));
}

#[cfg(feature = "idn")]
pub(in crate::net) use with_tables::to_ascii;

#[cfg(feature = "idn")]
mod with_tables {
    use idna::AsciiDenyList;
    use idna::uts46::{DnsLength, Hyphens, Uts46};

    /// The longest part of a name between two dots, in bytes of its ASCII form (RFC 1035).
    const MAX_LABEL: usize = 63;

    /// Returns the ASCII form of a name. Fails with the reason if there is none.
    pub(in crate::net) fn to_ascii(name: &str) -> Result<String, String> {
        let ascii = convert(name).ok_or_else(|| fault(name))?;
        // A dot at the end is the root.
        let labels = ascii.strip_suffix('.').unwrap_or(&ascii).split('.');
        for (label, number) in labels.zip(1..) {
            let fault = match label.len() {
                0 => "empty".to_owned(),
                1..=MAX_LABEL => continue,
                length => format!("{length} bytes long in ASCII, more than {MAX_LABEL}"),
            };
            return Err(format!("label {number} of an internationalised host name is {fault}"));
        }
        Ok(ascii)
    }

    fn convert(name: &str) -> Option<String> {
        let (ascii_only_for, lengths) = (AsciiDenyList::URL, DnsLength::Ignore);
        let ascii = Uts46::new().to_ascii(name.as_bytes(), ascii_only_for, Hyphens::Allow, lengths);
        Some(ascii.ok()?.into_owned())
    }

    /// Returns the reason why a name has no ASCII form. The text does not repeat the name, which
    /// may be long.
    fn fault(name: &str) -> String {
        let labels = || name.split(['.', '。', '．', '｡']);
        let Some(place) = labels().position(|label| convert(label).is_none()) else {
            return "the writing directions in a host name contradict each other (RFC 5893)".into();
        };
        let label = labels().nth(place).unwrap_or_default();
        match label.chars().find(|&letter| !may_occur(letter)) {
            Some(letter) => format!("an internationalised host name cannot contain {letter:?}"),
            None => format!(
                "label {} of an internationalised host name is not valid (UTS 46)",
                place + 1
            ),
        }
    }

    /// Returns true if a valid label can contain this character.
    fn may_occur(letter: char) -> bool {
        // Alone, after a letter, and where a joiner is allowed (RFC 5892, appendix A).
        ["", "a", "\u{915}\u{94d}"]
            .iter()
            .any(|before| convert(&format!("{before}{letter}")).is_some())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_name_is_mapped_and_written_in_ascii() {
            let cases = [
                ("bücher.test", "xn--bcher-kva.test"),
                ("BÜCHER.Test", "xn--bcher-kva.test"),
                ("bu\u{308}cher.test.", "xn--bcher-kva.test."),
                ("bücher。test", "xn--bcher-kva.test"),
                ("straße.test", "xn--strae-oqa.test"),
                ("_sip._tcp.bücher.test", "_sip._tcp.xn--bcher-kva.test"),
                ("r3---sn.-ü-.test", "r3---sn.xn-----xka.test"),
                ("ｌｏｃａｌｈｏｓｔ", "localhost"),
                ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
                ("مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"),
            ];
            for (name, ascii) in cases {
                assert_eq!(to_ascii(name).as_deref(), Ok(ascii));
            }
        }

        #[test]
        fn what_has_no_ascii_form_is_refused_with_the_reason() {
            let cases = [
                ("bücher test", "an internationalised host name cannot contain ' '"),
                ("bücher.test:80", "an internationalised host name cannot contain ':'"),
                ("a.b\u{fffd}c", "an internationalised host name cannot contain '\u{fffd}'"),
                ("ü..test", "label 2 of an internationalised host name is empty"),
                (".ü", "label 1 of an internationalised host name is empty"),
                ("ü.אa", "label 2 of an internationalised host name is not valid (UTS 46)"),
                ("a\u{200d}b", "label 1 of an internationalised host name is not valid (UTS 46)"),
                ("xn--a.ü", "label 1 of an internationalised host name is not valid (UTS 46)"),
                ("א.1a", "the writing directions in a host name contradict each other (RFC 5893)"),
            ];
            for (name, reason) in cases {
                assert_eq!(to_ascii(name), Err(reason.to_owned()), "{name:?}");
            }
        }
    }
}
