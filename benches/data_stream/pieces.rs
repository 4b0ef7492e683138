//! A large value that comes in many pieces, as over a socket.

use std::hint::black_box;

use slotwire::stream::{FromDataStream, QDataStream, ToDataStream};

use super::{ASCII, bytes_of};

const MIB: usize = 1 << 20;

/// What a segment of TCP carries over Ethernet.
const PIECE: usize = 1460;

pub(super) fn numbers(waits: bool, count: usize) {
    receive(&vec![7_u32; MIB / 4], waits, count);
}

pub(super) fn strings(waits: bool, count: usize) {
    receive(&vec![ASCII.to_owned(); MIB / (4 + 2 * ASCII.len())], waits, count);
}

/// Reads a value that comes in pieces, `count` times.
fn receive<T: FromDataStream + ToDataStream>(value: &T, waits: bool, count: usize) {
    let bytes = bytes_of(value);
    for _ in 0..count {
        let mut needed = 0;
        for piece in 1..=bytes.len().div_ceil(PIECE) {
            let here = bytes.len().min(piece * PIECE);
            if waits && here < needed {
                continue;
            }
            let mut stream = QDataStream::from_bytes(&bytes[..here]);
            if let Some(read) = stream.read_whole::<T>().expect("the bytes are such a value") {
                black_box(read);
                assert_eq!(here, bytes.len());
            }
            needed = stream.bytes_needed();
        }
    }
}
