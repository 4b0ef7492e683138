//! `QTextStream`: words, lines and numbers, in every encoding, however they are cut.

mod encodings;
mod lines;
mod numbers;
mod sockets;
mod words;
mod writing;

use slotwire::stream::{
    Encoding, FromTextStream, QTextStream, TextStreamError, TextStreamStatus, ToTextStream,
};

/// What is read first of a text.
fn read<T: FromTextStream>(text: &str) -> Result<T, TextStreamError> {
    QTextStream::from_text(text).read()
}

/// The text of a value in the default format.
fn written<T: ToTextStream + ?Sized>(value: &T) -> String {
    let mut stream = QTextStream::new(String::new());
    stream.write(value).unwrap();
    stream.into_device()
}

/// All lines of some bytes.
fn lines_of(bytes: &[u8]) -> Vec<String> {
    let mut stream = QTextStream::from_bytes(bytes);
    let lines = std::iter::from_fn(|| stream.read_line().unwrap()).collect();
    assert_eq!(stream.status(), TextStreamStatus::Ok);
    assert!(stream.at_end());
    lines
}

/// The bytes of a text.
fn encoded(encoding: Encoding, text: &str) -> Vec<u8> {
    let mut stream = QTextStream::new(Vec::new()).with_encoding(encoding);
    stream.write(text).unwrap();
    stream.into_device()
}
