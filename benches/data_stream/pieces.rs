//! A large value that comes in many pieces, as over a socket.

use std::hint::black_box;

use slotwire::stream::{FromDataStream, QDataStream, ToDataStream, Unfinished};

use super::{ASCII, bytes_of};

const MIB: usize = 1 << 20;

/// What a segment of TCP carries over Ethernet.
const PIECE: usize = 1460;

/// What the program does when a piece has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It goes on where the last piece has stopped.
    Resumes,
    /// It waits for `bytes_needed`.
    Waits,
    /// It reads the value from its beginning.
    BeginsAnew,
}

pub(super) fn numbers(way: Way, count: usize) {
    receive(&vec![7_u32; MIB / 4], way, count);
}

pub(super) fn strings(way: Way, count: usize) {
    receive(&vec![ASCII.to_owned(); MIB / (4 + 2 * ASCII.len())], way, count);
}

/// Reads a value that comes in pieces, `count` times.
fn receive<T: FromDataStream + ToDataStream>(value: &T, way: Way, count: usize) {
    let bytes = bytes_of(value);
    for _ in 0..count {
        let mut needed = 0;
        let mut unfinished = Unfinished::<T>::default();
        let mut has_come = false;
        for piece in 1..=bytes.len().div_ceil(PIECE) {
            let here = bytes.len().min(piece * PIECE);
            if way == Way::Waits && here < needed {
                continue;
            }
            let mut stream = QDataStream::from_bytes(&bytes[..here]);
            let read = match way {
                Way::Resumes => stream.resume(&mut unfinished),
                Way::Waits | Way::BeginsAnew => stream.read_whole(),
            };
            has_come = black_box(read.expect("the bytes are such a value")).is_some();
            needed = stream.bytes_needed();
        }
        assert!(has_come);
    }
}
