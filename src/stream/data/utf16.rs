//! Text as UTF-16, and back.
//!
//! Keeps one promise: what was written is read again equal. Text is converted in one pass, four or
//! eight characters at once where they have the same size. Text that was read has no more memory than
//! it needs, unless it has unpaired surrogates.

use super::numbers::ByteOrder;

/// Appends text as UTF-16.
pub(super) fn append(text: &str, order: ByteOrder, bytes: &mut Vec<u8>) {
    bytes.reserve(text.len());
    let mut characters = text.chars();
    loop {
        let rest = characters.as_str();
        if let Some(&eight) = rest.as_bytes().first_chunk::<8>() {
            let has_appended = match eight[0] {
                0..0x80 => append_eight_of_ascii(eight, order, bytes),
                _ => append_four_of_two_bytes(eight, order, bytes),
            };
            if has_appended {
                characters = rest[8..].chars();
                continue;
            }
        }
        let Some(character) = characters.next() else { return };
        match u16::try_from(u32::from(character)) {
            Ok(unit) => bytes.extend_from_slice(&bytes_of(unit, order)),
            Err(_) => {
                for &mut unit in character.encode_utf16(&mut [0; 2]) {
                    bytes.extend_from_slice(&bytes_of(unit, order));
                }
            }
        }
    }
}

/// Returns the bytes of a unit.
#[inline]
fn bytes_of(unit: u16, order: ByteOrder) -> [u8; 2] {
    match order {
        ByteOrder::BigEndian => unit.to_be_bytes(),
        ByteOrder::LittleEndian => unit.to_le_bytes(),
    }
}

/// Appends eight bytes of UTF-8, if each is a character. Returns true if so.
#[inline]
fn append_eight_of_ascii(text: [u8; 8], order: ByteOrder, bytes: &mut Vec<u8>) -> bool {
    if !text.is_ascii() {
        return false;
    }
    let units = match order {
        ByteOrder::BigEndian => text.map(|byte| [0, byte]),
        ByteOrder::LittleEndian => text.map(|byte| [byte, 0]),
    };
    bytes.extend_from_slice(units.as_flattened());
    true
}

/// Appends eight bytes of UTF-8, if they are four characters: as in the scripts from Latin with
/// accents to Arabic. Returns true if so.
#[inline]
fn append_four_of_two_bytes(text: [u8; 8], order: ByteOrder, bytes: &mut Vec<u8>) -> bool {
    // In each of the four parts, the low byte is the first of the two.
    let parts = u64::from_le_bytes(text);
    if parts & four(0xc0e0) != four(0x80c0) {
        return false;
    }
    let units = (parts & four(0x001f)) << 6 | parts >> 8 & four(0x003f);
    let units = match order {
        ByteOrder::BigEndian => (units & four(0x00ff)) << 8 | units >> 8 & four(0x00ff),
        ByteOrder::LittleEndian => units,
    };
    bytes.extend_from_slice(&units.to_le_bytes());
    true
}

/// Returns a number that has this one in each of its four parts.
const fn four(part: u64) -> u64 {
    part * 0x0001_0001_0001_0001
}

/// Returns the text of these units. An unpaired surrogate becomes U+FFFD.
pub(super) fn text_of(units: &[[u8; 2]], order: ByteOrder) -> String {
    match order {
        ByteOrder::BigEndian => decode(units, u16::from_be_bytes),
        ByteOrder::LittleEndian => decode(units, u16::from_le_bytes),
    }
}

#[inline]
fn decode(units: &[[u8; 2]], unit: impl Fn([u8; 2]) -> u16 + Copy) -> String {
    let bits = units.iter().fold(0, |bits, &bytes| bits | unit(bytes));
    let units = units.iter().map(move |&bytes| unit(bytes));
    if bits < 0x80 {
        let bytes = units.map(|unit| unit.to_le_bytes()[0]).collect();
        return String::from_utf8(bytes).expect("all of it is ASCII");
    }
    let mut text = String::with_capacity(len_in_utf8(units.clone()));
    for character in char::decode_utf16(units) {
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Returns how many bytes the text of these units has. It has one more for each unpaired surrogate.
fn len_in_utf8(units: impl Iterator<Item = u16>) -> usize {
    let len = |unit| match unit {
        0..0x80 => 1,
        0x80..0x800 => 2,
        // The two of a pair have four bytes.
        0xd800..0xe000 => 2,
        _ => 3,
    };
    units.map(len).sum()
}

#[cfg(test)]
mod tests {
    use proptest::char;
    use proptest::prelude::*;

    use super::{ByteOrder, append, text_of};

    fn characters() -> impl Strategy<Value = char> {
        prop_oneof![
            3 => char::range('\0', '\u{7f}'),
            3 => char::range('\u{80}', '\u{7ff}'),
            1 => char::range('\u{800}', '\u{ffff}'),
            1 => char::range('\u{10000}', '\u{10ffff}'),
        ]
    }

    /// Stretches of characters of one size, which are converted several at once.
    fn texts() -> impl Strategy<Value = String> {
        proptest::collection::vec((characters(), 1_usize..20), 0..12).prop_map(|stretches| {
            stretches.into_iter().flat_map(|(it, count)| std::iter::repeat_n(it, count)).collect()
        })
    }

    proptest! {
        #[test]
        fn text_is_written_as_the_standard_library_encodes_it(text in texts()) {
            for order in [ByteOrder::BigEndian, ByteOrder::LittleEndian] {
                let bytes = |unit: u16| match order {
                    ByteOrder::BigEndian => unit.to_be_bytes(),
                    ByteOrder::LittleEndian => unit.to_le_bytes(),
                };
                let mut written = b"before".to_vec();
                append(&text, order, &mut written);
                let expected: Vec<_> = text.encode_utf16().flat_map(bytes).collect();
                prop_assert_eq!(&written[6..], expected);
            }
        }

        #[test]
        fn units_are_read_as_the_standard_library_decodes_them(
            units in proptest::collection::vec(
                prop_oneof![2 => 0_u16..0x80, 2 => 0x80_u16..0x800, 1 => any::<u16>(), 2 => 0xd800_u16..0xe000],
                0..40,
            ),
        ) {
            let expected = String::from_utf16_lossy(&units);
            let big: Vec<_> = units.iter().map(|unit| unit.to_be_bytes()).collect();
            let little: Vec<_> = units.iter().map(|unit| unit.to_le_bytes()).collect();
            prop_assert_eq!(&text_of(&big, ByteOrder::BigEndian), &expected);
            prop_assert_eq!(&text_of(&little, ByteOrder::LittleEndian), &expected);
        }

        #[test]
        fn text_that_was_read_has_no_more_memory_than_it_needs(text in texts()) {
            let units: Vec<_> = text.encode_utf16().map(u16::to_be_bytes).collect();
            let read = text_of(&units, ByteOrder::BigEndian);
            prop_assert_eq!(read.capacity(), read.len());
            prop_assert_eq!(read, text);
        }
    }
}
