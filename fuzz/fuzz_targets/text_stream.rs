//! Text that comes over a stream.
//!
//! Whatever the bytes are, in every encoding: no read panics, takes more than it returns, or allocates more
//! than twice the input and 1 MiB. What is read piece by piece is what is read at once. What is written is
//! read again equal.

#![no_main]

use arbitrary::Arbitrary;
use counting_allocator::{CountingAllocator, count};
use libfuzzer_sys::fuzz_target;
use slotwire::stream::{
    Bytes, Encoding, FieldAlignment, IntegerBase, MalformedText, NumberFlags, QTextStream,
    RealNumberNotation, StreamDevice, TextStreamError,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A call of a reader.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Read {
    Line,
    LineMax(u8),
    Chars(u8),
    All,
    WhiteSpace,
    Character,
    Word,
    Byte,
    Integer,
    Large,
    Real,
    Single,
    Pair,
    Seek(u8),
    Base(u8),
    Encoding(u8),
}

/// How a stream reads and writes.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Settings {
    encoding: u8,
    detects: bool,
    refuses: bool,
    limit: u16,
    base: u8,
    notation: u8,
    precision: u8,
    flags: u8,
    alignment: u8,
    width: u8,
}

fn encoding(number: u8) -> Encoding {
    const OTHERS: [&str; 5] = ["shift_jis", "gb18030", "big5", "euc-jp", "windows-1251"];
    match number % 13 {
        0 => Encoding::Utf8,
        1 => Encoding::Utf16,
        2 => Encoding::Utf16Le,
        3 => Encoding::Utf16Be,
        4 => Encoding::Utf32,
        5 => Encoding::Utf32Le,
        6 => Encoding::Utf32Be,
        7 => Encoding::Latin1,
        other => Encoding::for_name(OTHERS[usize::from(other) - 8]).unwrap(),
    }
}

fn base(number: u8) -> IntegerBase {
    IntegerBase::from_number([0, 2, 8, 10, 16][usize::from(number % 5)]).unwrap()
}

impl Settings {
    fn open<D: StreamDevice>(self, device: D) -> QTextStream<D> {
        let mut stream = QTextStream::new(device).with_encoding(encoding(self.encoding));
        stream.set_auto_detect_unicode(self.detects);
        if self.refuses {
            stream.set_malformed_text(MalformedText::Refuse);
        }
        stream.set_limit(self.limit.into());
        stream.set_integer_base(base(self.base));
        stream.set_real_number_notation(match self.notation % 3 {
            0 => RealNumberNotation::Smart,
            1 => RealNumberNotation::Fixed,
            _ => RealNumberNotation::Scientific,
        });
        stream.set_real_number_precision(self.precision.into());
        stream.set_number_flags(NumberFlags::from_bits_truncate(self.flags));
        stream.set_field_alignment(match self.alignment % 4 {
            0 => FieldAlignment::Left,
            1 => FieldAlignment::Right,
            2 => FieldAlignment::Center,
            _ => FieldAlignment::AccountingStyle,
        });
        stream
    }
}

fn read(stream: &mut QTextStream<Bytes<'_>>, read: Read) -> Result<(), TextStreamError> {
    match read {
        Read::Line => stream.read_line().map(drop),
        Read::LineMax(max) => stream.read_line_max(max.into()).map(drop),
        Read::Chars(max) => stream.read_chars(max.into()).map(drop),
        Read::All => stream.read_all().map(drop),
        Read::WhiteSpace => {
            stream.skip_white_space();
            Ok(())
        }
        Read::Character => stream.read::<char>().map(drop),
        Read::Word => stream.read::<String>().map(drop),
        Read::Byte => stream.read::<u8>().map(drop),
        Read::Integer => stream.read::<i64>().map(drop),
        Read::Large => stream.read::<u128>().map(drop),
        Read::Real => stream.read::<f64>().map(drop),
        Read::Single => stream.read::<f32>().map(drop),
        Read::Pair => stream.read_whole::<(String, i16)>().map(drop),
        Read::Seek(position) => {
            let _ = stream.seek(position.into());
            Ok(())
        }
        Read::Base(number) => {
            stream.set_integer_base(base(number));
            Ok(())
        }
        Read::Encoding(number) => {
            stream.set_encoding(encoding(number));
            Ok(())
        }
    }
}

fuzz_target!(|input: (Settings, Vec<Read>, &[u8])| {
    let (settings, reads, bytes) = input;
    let memory = count(|| {
        let mut stream = settings.open(Bytes::from(bytes));
        for call in reads {
            if matches!(call, Read::Pair) {
                // What reads whole values passes white space also if it fails.
                stream.skip_white_space();
            }
            let position = stream.pos();
            let failed = read(&mut stream, call).is_err();
            if failed && matches!(call, Read::Line | Read::All | Read::Character | Read::Pair) {
                assert_eq!(stream.pos(), position, "{call:?} took something and failed");
            }
        }
    });
    let most = 2 * bytes.len() + (1 << 20);
    assert!(memory.peak_bytes <= most as i64, "{} for {}", memory.peak_bytes, bytes.len());
    check_pieces(settings, bytes);
    check_numbers(settings, bytes);
    check_text(settings, bytes);
});

/// What is read character by character and line by line is what is read at once.
fn check_pieces(settings: Settings, bytes: &[u8]) {
    let settings = Settings { refuses: false, limit: u16::MAX, ..settings };
    let all = settings.open(Bytes::from(bytes)).read_all().unwrap();
    let mut stream = settings.open(Bytes::from(bytes));
    let mut pieces = String::new();
    while !stream.at_end() {
        let piece = stream.read_chars(1).unwrap();
        assert!(!piece.is_empty());
        pieces.push_str(&piece);
    }
    assert_eq!(pieces, all);
    // In the others, the byte behind a line counts for how its last bytes are malformed.
    if settings.encoding % 13 > 7 {
        return;
    }
    let mut stream = settings.open(Bytes::from(bytes));
    let mut lines = all.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    while let Some(line) = stream.read_line().unwrap() {
        assert_eq!(Some(line.as_str()), lines.next());
    }
    assert_eq!(lines.next().unwrap_or_default(), "");
    assert!(stream.at_end());
    // The parts of lines are the lines, wherever they are parted.
    let mut stream = settings.open(Bytes::from(bytes));
    let mut parts = String::new();
    while let Some(part) = stream.read_line_max(1 + usize::from(settings.width % 8)).unwrap() {
        parts.push_str(&part);
    }
    let lines = all.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    assert_eq!(parts, lines.collect::<String>());
    assert!(stream.at_end());
}

/// Numbers that are written are read again.
fn check_numbers(settings: Settings, bytes: &[u8]) {
    let Some(&number) = bytes.first_chunk::<8>() else { return };
    let (integer, real) = (i64::from_le_bytes(number), f64::from_le_bytes(number));
    let settings = Settings { limit: u16::MAX, ..settings };
    let mut stream = settings.open(Vec::new());
    stream.set_field_width(settings.width.into());
    stream.write(&integer).unwrap();
    stream.set_field_width(0);
    stream.write(" ").unwrap();
    stream.set_real_number_notation(RealNumberNotation::Scientific);
    stream.set_real_number_precision(16);
    stream.write(&(real, ' ')).unwrap();
    let written = stream.into_device();
    let mut stream = settings.open(Bytes::from(&written[..]));
    stream.set_auto_detect_unicode(false);
    // In accounting style, a sign may stand apart.
    if settings.alignment % 4 < 3 {
        assert_eq!(stream.read::<i64>().unwrap(), integer, "{written:?}");
        let back = stream.read::<f64>().unwrap();
        assert!(back == real || back.is_nan() && real.is_nan(), "{written:?}");
    }
}

/// Text that is written is read again.
fn check_text(settings: Settings, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let settings = Settings { detects: false, refuses: true, ..settings };
    let mut stream = settings.open(Vec::new());
    if stream.write(text).is_err() {
        return;
    }
    let written = stream.into_device();
    let read = settings.open(Bytes::from(&written[..])).read_all().unwrap();
    match settings.encoding % 13 {
        0..7 => assert_eq!(read, text.strip_prefix('\u{feff}').unwrap_or(text)),
        7 => assert_eq!(read, text),
        // Some of their characters have two forms.
        _ => {}
    }
}
