//! Works of data streams to be counted, not timed: run by `benches/data_stream.sh` under callgrind.
//!
//! `data_stream WORK COUNT` does WORK COUNT times. The script runs each work with two counts and
//! takes the difference, so set-up does not count. A record is a `u32`, an `f64` and a string of 16
//! characters.
//!
//! | row | what is done once for each COUNT |
//! |---|---|
//! | `write`, `read` | a record is written to a vector, and read from memory, by `QDataStream` |
//! | `write_beyond_ascii`, `read_beyond_ascii` | the same, with a string of Greek letters |
//! | `write_whole`, `read_whole` | an element of a list of records, which is one value |
//! | `write_serde`, `read_serde` | a record by `stream::Serde` (feature `serde`) |
//! | `write_postcard`, `read_postcard` | by the crate `postcard`, through serde |
//! | `write_borsh`, `read_borsh` | by the crate `borsh` |
//! | `write_numbers`, `read_numbers` | a number of a `Vec<u32>` |
//! | `numbers`, `strings` | a list of 1 MiB comes in pieces of 1,460 bytes, and the program waits for `bytes_needed` |
//! | `numbers_resumed`, `strings_resumed` | the same, by `resume` |
//! | `numbers_anew`, `strings_anew` | the same, read from its beginning at each piece |
//!
//! `qt.cpp` is a program with `write`, `read` and their like in C++, by Qt's own `QDataStream` on its
//! `QByteArray`. The script compiles it if there is a compiler and Qt 6.

use std::hint::black_box;

use slotwire::stream::{FromDataStream, QDataStream, ToDataStream};

mod pieces;

use pieces::Way;

type Record = (u32, f64, String);

const ASCII: &str = "sixteen letters.";
const GREEK: &str = "δεκαέξι γράμματα";

fn record(text: &str) -> Record {
    (7, 2.5, text.to_owned())
}

fn bytes_of(value: &impl ToDataStream) -> Vec<u8> {
    let mut stream = QDataStream::new(Vec::new());
    stream.write(value).expect("a vector takes everything");
    stream.into_device()
}

fn write(text: &str, count: usize) {
    let record = record(text);
    let mut stream = QDataStream::new(Vec::new());
    for _ in 0..count {
        stream.write(black_box(&record)).expect("a vector takes everything");
    }
    black_box(stream.into_device());
}

fn read(text: &str, count: usize) {
    let bytes = bytes_of(&record(text)).repeat(count);
    let mut stream = QDataStream::from_bytes(&bytes);
    for _ in 0..count {
        black_box(stream.read::<Record>().expect("the bytes are records"));
    }
    assert!(stream.at_end());
}

fn write_list<T: ToDataStream>(values: Vec<T>) {
    black_box(bytes_of(black_box(&values)));
}

fn read_list<T: FromDataStream + ToDataStream>(value: &T, count: usize) {
    let mut bytes = bytes_of(&u32::try_from(count).expect("the count fits"));
    bytes.extend(bytes_of(value).repeat(count));
    let list = QDataStream::from_bytes(&bytes).read::<Vec<T>>().expect("the bytes are a list");
    assert_eq!(black_box(list).len(), count);
}

fn write_serde(count: usize) {
    use slotwire::stream::Serde;

    let record = record(ASCII);
    let mut stream = QDataStream::new(Vec::new());
    for _ in 0..count {
        stream.write(&Serde(black_box(&record))).expect("a vector takes everything");
    }
    black_box(stream.into_device());
}

fn read_serde(count: usize) {
    use slotwire::stream::Serde;

    let bytes = bytes_of(&record(ASCII)).repeat(count);
    let mut stream = QDataStream::from_bytes(&bytes);
    for _ in 0..count {
        black_box(stream.read::<Serde<Record>>().expect("the bytes are records"));
    }
}

fn write_postcard(count: usize) {
    let record = record(ASCII);
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes = postcard::to_extend(black_box(&record), bytes).expect("a vector takes everything");
    }
    black_box(bytes);
}

fn read_postcard(count: usize) {
    let bytes = postcard::to_stdvec(&record(ASCII)).expect("a vector takes everything");
    let bytes = bytes.repeat(count);
    let mut rest = &bytes[..];
    for _ in 0..count {
        let (record, after) =
            postcard::take_from_bytes::<Record>(rest).expect("the bytes are records");
        black_box(record);
        rest = after;
    }
    assert!(rest.is_empty());
}

fn write_borsh(count: usize) {
    let record = record(ASCII);
    let mut bytes = Vec::new();
    for _ in 0..count {
        borsh::to_writer(&mut bytes, black_box(&record)).expect("a vector takes everything");
    }
    black_box(bytes);
}

fn read_borsh(count: usize) {
    let bytes = borsh::to_vec(&record(ASCII)).expect("a vector takes everything").repeat(count);
    let mut rest = &bytes[..];
    for _ in 0..count {
        let record: Record =
            borsh::BorshDeserialize::deserialize(&mut rest).expect("the bytes are records");
        black_box(record);
    }
    assert!(rest.is_empty());
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let work = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1);
    match work.as_str() {
        "write" => write(ASCII, count),
        "read" => read(ASCII, count),
        "write_beyond_ascii" => write(GREEK, count),
        "read_beyond_ascii" => read(GREEK, count),
        "write_whole" => write_list(vec![record(ASCII); count]),
        "read_whole" => read_list(&record(ASCII), count),
        "write_numbers" => write_list(vec![7_u32; count]),
        "read_numbers" => read_list(&7_u32, count),
        "write_serde" => write_serde(count),
        "read_serde" => read_serde(count),
        "write_postcard" => write_postcard(count),
        "read_postcard" => read_postcard(count),
        "write_borsh" => write_borsh(count),
        "read_borsh" => read_borsh(count),
        "numbers_resumed" => pieces::numbers(Way::Resumes, count),
        "numbers" => pieces::numbers(Way::Waits, count),
        "numbers_anew" => pieces::numbers(Way::BeginsAnew, count),
        "strings_resumed" => pieces::strings(Way::Resumes, count),
        "strings" => pieces::strings(Way::Waits, count),
        "strings_anew" => pieces::strings(Way::BeginsAnew, count),
        // `cargo bench` runs every bench without arguments.
        _ => eprintln!("usage: data_stream WORK COUNT; see benches/data_stream.sh"),
    }
}
