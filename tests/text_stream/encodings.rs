//! Encodings: byte order marks, malformed text, characters that come in pieces.

use proptest::prelude::*;
use slotwire::stream::{
    Encoding, MalformedText, QTextStream, StreamDevice, TextStreamError, TextStreamStatus,
};

use crate::encoded;

const UNICODE: [Encoding; 7] = [
    Encoding::Utf8,
    Encoding::Utf16,
    Encoding::Utf16Le,
    Encoding::Utf16Be,
    Encoding::Utf32,
    Encoding::Utf32Le,
    Encoding::Utf32Be,
];

/// Bytes that come one by one: nothing is there but what was released.
#[derive(Default)]
struct Trickle {
    bytes: Vec<u8>,
    released: usize,
    taken: usize,
    has_ended: bool,
}

impl StreamDevice for Trickle {
    fn look(&mut self, count: usize) -> &[u8] {
        self.look_to_end(count).0
    }

    fn look_to_end(&mut self, count: usize) -> (&[u8], bool) {
        let rest = &self.bytes[self.taken..self.released];
        (&rest[..count.min(rest.len())], self.has_ended && rest.len() <= count)
    }

    fn take(&mut self, count: usize) {
        self.taken += count;
        assert!(self.taken <= self.released);
    }

    fn put(&mut self, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    fn begin(&mut self) -> bool {
        false
    }

    fn end(&mut self, _: bool) {}
}

#[test]
fn a_text_stands_in_bytes_as_its_encoding_says() {
    assert_eq!(encoded(Encoding::Utf8, "Aé€"), b"A\xc3\xa9\xe2\x82\xac");
    assert_eq!(encoded(Encoding::Utf16Le, "A😀"), b"A\0\x3d\xd8\0\xde");
    assert_eq!(encoded(Encoding::Utf16Be, "A😀"), b"\0A\xd8\x3d\xde\0");
    assert_eq!(encoded(Encoding::Utf32Le, "€"), b"\xac\x20\0\0");
    assert_eq!(encoded(Encoding::Utf32Be, "€"), b"\0\0\x20\xac");
    assert_eq!(encoded(Encoding::Latin1, "Aé\u{80}"), b"A\xe9\x80");
    assert_eq!(encoded(Encoding::Utf16, "A"), 0x41_u16.to_ne_bytes());
    assert_eq!(encoded(Encoding::Utf32, "A"), 0x41_u32.to_ne_bytes());
}

#[test]
fn all_bytes_are_characters_of_latin_1() {
    let bytes: Vec<u8> = (0..=255).collect();
    let mut stream = QTextStream::from_bytes(&bytes).with_encoding(Encoding::Latin1);
    let text = stream.read_all().unwrap();
    assert!(text.chars().map(u32::from).eq(0..=255));
    assert_eq!(encoded(Encoding::Latin1, &text), bytes);
}

#[test]
fn a_mark_tells_the_encoding_whatever_was_set() {
    let original = "HelloWorld👋";
    for encoding in UNICODE.into_iter().chain([Encoding::Latin1]) {
        let mut stream = QTextStream::new(Vec::new()).with_encoding(encoding);
        stream.set_generate_byte_order_mark(true);
        stream.write(original).unwrap();
        stream.write(original).unwrap();
        let bytes = stream.into_device();
        let mut stream = QTextStream::from_bytes(&bytes).with_encoding(Encoding::Latin1);
        let text = stream.read::<String>().unwrap();
        match encoding {
            Encoding::Latin1 => assert_eq!(text, "HelloWorld?HelloWorld?", "it has no mark"),
            _ => assert_eq!(text, original.repeat(2), "{encoding}"),
        }
        let found = stream.encoding();
        assert!(found.name().starts_with(encoding.name()), "{found} is not {encoding}");
        stream.seek(0).unwrap();
        assert_eq!(stream.read_chars(5).unwrap(), "Hello", "it is passed again");
    }
}

#[test]
fn the_mark_of_the_own_encoding_is_passed_without_detection_and_that_of_another_is_not() {
    let read = |bytes: &[u8], encoding| {
        let stream = QTextStream::from_bytes(bytes).with_encoding(encoding);
        let mut stream = stream.with_auto_detect_unicode(false);
        let text = stream.read_all().unwrap();
        assert_eq!(stream.encoding(), encoding);
        text
    };
    assert_eq!(read(b"\xef\xbb\xbfA", Encoding::Utf8), "A");
    assert_eq!(read(b"\xff\xfeA\0", Encoding::Utf16Le), "A");
    assert_eq!(read(b"\xfe\xff\0A", Encoding::Utf16), "A");
    assert_eq!(read(b"\0\0\xfe\xff\0\0\0A", Encoding::Utf32), "A");
    assert_eq!(read(b"\xef\xbb\xbf", Encoding::Latin1), "ï»¿");
    assert_eq!(read(b"\xfe\xffA\0", Encoding::Utf16Le), "\u{fffe}A");
    assert_eq!(read(b"\xff\xfe\0\0", Encoding::Utf16Le), "\0", "no mark of UTF-32");
    assert_eq!(read(b"A\xef\xbb\xbf", Encoding::Utf8), "A\u{feff}", "only at the beginning");
}

#[test]
fn a_text_that_is_only_a_mark_is_empty() {
    for mark in [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"] {
        let mut stream = QTextStream::from_bytes(mark);
        assert!(stream.at_end());
        assert_eq!(stream.read_line().unwrap(), None);
        assert!(matches!(stream.read::<char>(), Err(TextStreamError::ReadPastEnd)));
    }
}

#[test]
fn text_in_memory_has_no_encoding() {
    let mut stream = QTextStream::from_text("\u{feff}é").with_encoding(Encoding::Utf16);
    stream.set_generate_byte_order_mark(true);
    stream.write("ü").unwrap();
    assert_eq!(stream.read_all().unwrap(), "\u{feff}éü");
    let mut stream = QTextStream::new(String::new()).with_encoding(Encoding::Latin1);
    stream.write("€").unwrap();
    assert_eq!(stream.into_device(), "€");
}

#[test]
fn the_encoding_can_change_between_two_lines() {
    let bytes = b"\xe5 v\xe6r\n\xc3\xa5 v\xc3\xa6r\n";
    let mut stream = QTextStream::from_bytes(bytes).with_encoding(Encoding::Latin1);
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("å vær"));
    stream.set_encoding(Encoding::Utf8);
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("å vær"));
}

#[test]
fn bytes_that_are_no_character_become_one_replacement_for_each_broken_one() {
    let read = |bytes: &[u8], encoding| {
        let stream = QTextStream::from_bytes(bytes).with_encoding(encoding);
        stream.with_auto_detect_unicode(false).read_all().unwrap()
    };
    for bytes in [
        &b"a\xffb"[..],
        b"\xc3(",
        b"\xe2\x82A",
        b"\xf0\x9f\x98",
        b"\xf0(\x8c\xbc",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
    ] {
        assert_eq!(read(bytes, Encoding::Utf8), String::from_utf8_lossy(bytes));
    }
    assert_eq!(read(b"\0\xd8A\0", Encoding::Utf16Le), "\u{fffd}A");
    assert_eq!(read(b"\0\xdcA\0", Encoding::Utf16Le), "\u{fffd}A");
    assert_eq!(read(b"\0\xd8\0\xd8\0\xdc", Encoding::Utf16Le), "\u{fffd}\u{10000}");
    assert_eq!(read(b"A\0B", Encoding::Utf16Le), "A\u{fffd}", "half a unit at the end");
    assert_eq!(read(b"\0\0\xd8\0\0\0\0A", Encoding::Utf32Be), "\u{fffd}A");
    assert_eq!(read(b"\0\x11\0\0", Encoding::Utf32Be), "\u{fffd}");
}

#[test]
fn malformed_bytes_are_refused_with_their_position_if_the_program_says_so() {
    let open = |bytes: &'static [u8]| {
        QTextStream::from_bytes(bytes).with_malformed_text(MalformedText::Refuse)
    };
    let mut stream = open(b"one\ntw\xffo\n");
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("one"));
    for _ in 0..2 {
        let error = stream.read_line().unwrap_err();
        assert_eq!(error.to_string(), "the bytes at position 6 are no UTF-8");
    }
    assert_eq!(stream.status(), TextStreamStatus::ReadCorruptData);
    assert!(stream.read_all().is_err());
    assert_eq!(stream.read_chars(10).unwrap(), "tw", "what is before them");
    assert!(stream.read_chars(10).is_err());
    assert!(stream.read_line_max(10).is_err());
    stream.set_malformed_text(MalformedText::Replace);
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("\u{fffd}o"));
    let mut stream = open(b"\xfe\xff\0A\xd8\0");
    let error = stream.read_all().unwrap_err();
    assert_eq!(error.to_string(), "the bytes at position 4 are no UTF-16BE");
    let mut stream = open(b" \xff");
    stream.skip_white_space();
    assert_eq!(stream.pos(), 1, "it stops before them");
}

#[test]
fn a_character_that_the_encoding_lacks_is_a_question_mark_or_refused() {
    assert_eq!(encoded(Encoding::Latin1, "5 € 😀"), b"5 ? ?");
    let stream = QTextStream::new(Vec::new()).with_encoding(Encoding::Latin1);
    let mut stream = stream.with_malformed_text(MalformedText::Refuse);
    let error = stream.write("5 €").unwrap_err();
    assert_eq!(error.to_string(), "'€' cannot be written in ISO-8859-1");
    assert_eq!(stream.status(), TextStreamStatus::WriteFailed);
    assert_eq!(stream.into_device(), b"", "nothing of it is written");
}

#[test]
fn a_character_waits_until_all_of_its_bytes_have_come() {
    for encoding in UNICODE {
        let text = "é€😀\n";
        let mut stream = QTextStream::new(Trickle::default()).with_encoding(encoding);
        let bytes = encoded(encoding, text);
        let mut device = Trickle { bytes, ..Trickle::default() };
        let mut read = String::new();
        for released in 0..=device.bytes.len() {
            device.released = released;
            // A stream that is made anew each time, as in a slot, and one that goes on.
            let mut anew = QTextStream::new(device).with_encoding(encoding);
            anew.set_auto_detect_unicode(false);
            read.push_str(&anew.read_all().unwrap());
            assert!(text.starts_with(&read), "{encoding}: {read:?}");
            device = anew.into_device();
        }
        assert_eq!(read, text);
        assert_eq!(device.taken, device.bytes.len());
        assert_eq!(stream.read_chars(9).unwrap(), "");
    }
}

#[test]
fn the_names_of_encodings_are_those_of_qt() {
    for encoding in UNICODE.into_iter().chain([Encoding::Latin1]) {
        assert_eq!(Encoding::for_name(encoding.name()), Some(encoding));
        assert_eq!(Encoding::for_name(&encoding.name().to_lowercase()), Some(encoding));
        assert_eq!(encoding.to_string(), encoding.name());
    }
    assert_eq!(Encoding::for_name("utf8"), Some(Encoding::Utf8));
    assert_eq!(Encoding::for_name("latin-1"), Some(Encoding::Latin1));
    assert_eq!(Encoding::for_name("utf-7"), None);
    assert_eq!(Encoding::for_name("iso-2022-jp"), None, "it has a state");
    assert!(Encoding::for_name("shift_jis").is_some());
}

mod others {
    use super::*;

    fn named(name: &str) -> Encoding {
        Encoding::for_name(name).unwrap()
    }

    #[test]
    fn every_label_of_the_encoding_standard_for_utf_8_and_utf_16_is_known() {
        for (label, encoding) in [
            ("unicode-1-1-utf-8", Encoding::Utf8),
            ("x-unicode20utf8", Encoding::Utf8),
            (" UTF-8\n", Encoding::Utf8),
            ("ucs-2", Encoding::Utf16Le),
            ("unicode", Encoding::Utf16Le),
            ("unicodeFFFE", Encoding::Utf16Be),
            ("utf-16", Encoding::Utf16),
        ] {
            assert_eq!(Encoding::for_name(label), Some(encoding), "{label:?}");
        }
        assert_eq!(Encoding::for_name("hz-gb-2312"), None, "the standard refuses it");
    }

    #[test]
    fn a_character_that_a_line_end_cuts_off_takes_no_others_with_it() {
        let gb18030 = named("gb18030");
        let open = |bytes| QTextStream::from_bytes(bytes).with_encoding(gb18030);
        assert_eq!(open(b"\x81\x30\n").read_all().unwrap(), "\u{fffd}0\n");
        assert_eq!(open(b"\x81\x30\n").read_line().unwrap().as_deref(), Some("\u{fffd}0"));
        assert_eq!(open(b"\x81\x30 1").read::<String>().unwrap(), "\u{fffd}0");
        assert_eq!(open(b"\x81\x30").read_chars(9).unwrap(), "\u{fffd}", "at the very end");
    }

    #[test]
    fn other_encodings_are_read_and_written() {
        for (name, text, bytes) in [
            ("windows-1252", "€ “é”", &b"\x80 \x93\xe9\x94"[..]),
            ("koi8-r", "мир", b"\xcd\xc9\xd2"),
            ("shift_jis", "表ﾊ\n", b"\x95\x5c\xca\n"),
            ("euc-jp", "日本", b"\xc6\xfc\xcb\xdc"),
            ("gb18030", "中\u{1f600}", b"\xd6\xd0\x94\x39\xfc\x36"),
            ("big5", "中文", b"\xa4\xa4\xa4\xe5"),
        ] {
            let encoding = named(name);
            assert_eq!(encoding.name().to_lowercase(), name);
            assert_eq!(encoded(encoding, text), bytes, "{name}");
            let mut stream = QTextStream::from_bytes(bytes).with_encoding(encoding);
            assert_eq!(stream.read_all().unwrap(), text, "{name}");
            let mut device = Trickle { bytes: bytes.to_vec(), ..Trickle::default() };
            let mut read = String::new();
            for released in 1..=bytes.len() {
                device.released = released;
                let mut stream = QTextStream::new(device).with_encoding(encoding);
                read.push_str(&stream.read_all().unwrap());
                device = stream.into_device();
            }
            assert_eq!(read, text, "{name}, byte by byte");
        }
    }

    #[test]
    fn what_an_encoding_cannot_write_is_a_question_mark_or_refused() {
        let encoding = named("koi8-r");
        assert_eq!(encoded(encoding, "€д"), b"?\xc4");
        let stream = QTextStream::new(Vec::new()).with_encoding(encoding);
        let error = stream.with_malformed_text(MalformedText::Refuse).write("д€").unwrap_err();
        assert_eq!(error.to_string(), "'€' cannot be written in KOI8-R");
    }

    #[test]
    fn malformed_bytes_of_other_encodings_are_replaced_and_ascii_behind_them_is_not_lost() {
        let read = |name, bytes: &[u8]| {
            QTextStream::from_bytes(bytes).with_encoding(named(name)).read_all().unwrap()
        };
        assert_eq!(read("shift_jis", b"\x81\n"), "\u{fffd}\n");
        assert_eq!(read("euc-jp", b"\x8f\xa1A"), "\u{fffd}A");
        assert_eq!(read("big5", b"\x81"), "\u{fffd}");
        assert_eq!(read("windows-1252", b"\x81"), "\u{81}");
    }

    #[test]
    fn two_characters_of_big5_that_have_the_same_bytes_stay_together() {
        let open = || QTextStream::from_bytes(b"\x88\x62!").with_encoding(named("big5"));
        assert_eq!(open().read_chars(1).unwrap(), "Ê\u{304}");
        assert_eq!(open().read::<String>().unwrap(), "Ê\u{304}!");
        assert!(open().read::<char>().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_what_the_crate_for_them_says(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            name in prop::sample::select(&["shift_jis", "euc-jp", "euc-kr", "gbk", "gb18030", "big5", "windows-1251"]),
        ) {
            let encoding = named(name);
            let stream = QTextStream::from_bytes(&bytes).with_encoding(encoding);
            let mut stream = stream.with_auto_detect_unicode(false);
            let other = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
            let (text, _) = other.decode_without_bom_handling(&bytes);
            prop_assert_eq!(stream.read_all().unwrap(), text);
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_in_every_encoding(text: String, index in 0..UNICODE.len()) {
        let encoding = UNICODE[index];
        let bytes = encoded(encoding, &text);
        let stream = QTextStream::from_bytes(&bytes).with_encoding(encoding);
        let mut stream = stream.with_auto_detect_unicode(false);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        prop_assert_eq!(stream.read_all().unwrap(), text);
    }

    #[test]
    fn text_that_comes_in_pieces_is_the_text_that_comes_at_once(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(0)], 0..40),
        index in 0..UNICODE.len(),
        cuts in prop::collection::vec(0..40_usize, 0..6),
    ) {
        let encoding = UNICODE[index];
        let all = QTextStream::from_bytes(&bytes).with_encoding(encoding).read_all().unwrap();
        let mut cuts = cuts;
        cuts.retain(|&cut| cut < bytes.len());
        cuts.sort_unstable();
        let device = Trickle { bytes: bytes.clone(), ..Trickle::default() };
        let mut stream = QTextStream::new(device).with_encoding(encoding);
        let mut read = String::new();
        for cut in cuts.into_iter().chain([bytes.len()]) {
            // The device of a stream is its own, so a new one goes on from it.
            let kept = stream.encoding();
            let is_start = read.is_empty();
            let mut device = stream.into_device();
            device.released = cut;
            device.has_ended = cut == bytes.len();
            stream = QTextStream::new(device).with_encoding(kept);
            if !is_start {
                stream.set_auto_detect_unicode(false);
            }
            let piece = stream.read_all().unwrap();
            // A mark in the middle of the text is passed by a stream that begins there.
            prop_assume!(is_start || !all[read.len()..].starts_with('\u{feff}'));
            read.push_str(&piece);
        }
        prop_assert_eq!(read, all);
    }
}

/// All encodings there are, of one and of several bytes.
fn any_encoding() -> impl Strategy<Value = Encoding> {
    let others = ["shift_jis", "gb18030", "big5", "euc-jp", "euc-kr", "koi8-r"];
    let others = others.into_iter().filter_map(Encoding::for_name);
    let all: Vec<_> = UNICODE.into_iter().chain([Encoding::Latin1]).chain(others).collect();
    proptest::sample::select(all)
}

/// Bytes that are characters, beginnings of characters, or none, and many line ends.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(b'\n'),
        Just(0),
        Just(b' '),
        Just(b'\r'),
        Just(b'0'),
        Just(0xd8),
        Just(0xdc),
        any::<u8>(),
        0x80..0xa4_u8,
    ];
    proptest::collection::vec(byte, 0..24)
}

proptest! {
    #[test]
    fn malformed_bytes_are_the_same_text_line_by_line_and_at_every_cut(
        encoding in any_encoding(),
        bytes in any_bytes(),
    ) {
        let open = |device| {
            QTextStream::new(device).with_encoding(encoding).with_auto_detect_unicode(false)
        };
        let all = Trickle { released: bytes.len(), has_ended: true, bytes, ..Trickle::default() };
        let whole = open(Trickle { bytes: all.bytes.clone(), ..all }).read_all().unwrap();
        let mut stream = open(Trickle { bytes: all.bytes.clone(), ..all });
        let (mut one_by_one, mut lines) = (String::new(), String::new());
        while !stream.at_end() {
            one_by_one.push_str(&stream.read_chars(1).unwrap());
        }
        prop_assert_eq!(&one_by_one, &whole, "one by one in {}", encoding);
        let mut stream = open(Trickle { bytes: all.bytes.clone(), ..all });
        while let Some(line) = stream.read_line().unwrap() {
            lines.push_str(&line);
            lines.push('\n');
        }
        let ended = if whole.is_empty() || whole.ends_with('\n') { "" } else { "\n" };
        let expected = format!("{whole}{ended}").replace("\r\n", "\n");
        prop_assert_eq!(&lines, &expected, "lines in {}", encoding);
        let mut device = Trickle { bytes: all.bytes, ..Trickle::default() };
        let mut read = String::new();
        for released in 0..=device.bytes.len() {
            device.released = released;
            device.has_ended = released == device.bytes.len();
            let mut stream = open(device);
            read.push_str(&stream.read_all().unwrap());
            device = stream.into_device();
        }
        // Each stream passes a mark with which it begins.
        let without_marks = |text: &str| text.replace('\u{feff}', "");
        prop_assert_eq!(without_marks(&read), without_marks(&whole), "at cuts in {}", encoding);
    }
}
