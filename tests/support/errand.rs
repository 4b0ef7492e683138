//! Errands: what a peer does by itself while the test goes on. On the kernel's network that is a
//! thread of its own; on the simulated one it goes on as the network's time passes.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::Shutdown;

use slotwire::prelude::*;

use super::peer::{End, Lack};

/// What a peer does, one after the other.
pub enum Deed {
    /// Reads as many bytes.
    Read(usize),
    ReadToEnd,
    Write(Vec<u8>),
    /// Reads as many bytes and writes these, in whatever order it can be done.
    Exchange(usize, VecDeque<u8>),
    /// Writes what this makes of what was read so far.
    Answer(fn(&[u8]) -> Vec<u8>),
    /// Writes without end, until nobody takes it any more.
    Flood,
    /// Closes its direction.
    Finish,
    /// Closes its end.
    Close,
    /// Closes its end so that the other sees a reset.
    Reset,
}

/// What is left to be done, and what was heard meanwhile.
pub(crate) struct Work {
    deeds: VecDeque<Deed>,
    heard: Vec<u8>,
    /// How much of the first deed is done.
    done: usize,
    /// Why it came to nothing.
    failure: Option<io::Error>,
}

impl Work {
    pub(super) fn new(deeds: impl IntoIterator<Item = Deed>) -> Self {
        Self { deeds: deeds.into_iter().collect(), heard: Vec::new(), done: 0, failure: None }
    }

    /// Does what can be done now; says what the rest waits for, if there is one.
    pub(super) fn proceed(&mut self, end: &mut dyn End) -> Option<Lack> {
        while let Some(deed) = self.deeds.front_mut() {
            let (lack, step) = match deed {
                Deed::Read(count) => (Lack::Bytes, read(end, &mut self.heard, *count, self.done)),
                Deed::ReadToEnd => (Lack::Bytes, read(end, &mut self.heard, usize::MAX, self.done)),
                Deed::Write(bytes) => (Lack::Room, write(end, bytes, self.done)),
                Deed::Exchange(count, bytes) => exchange(end, &mut self.heard, count, bytes),
                Deed::Answer(answer) => {
                    *deed = Deed::Write(answer(&self.heard));
                    continue;
                }
                Deed::Flood => (Lack::Room, flood(end)),
                Deed::Finish => (Lack::Room, end.shutdown(Shutdown::Write).map(|()| 0)),
                Deed::Close => return None,
                Deed::Reset => {
                    end.reset();
                    return None;
                }
            };
            match step {
                Ok(0) => {
                    self.deeds.pop_front();
                    self.done = 0;
                }
                Ok(count) => self.done += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(lack),
                Err(error) => {
                    self.failure = Some(error);
                    return None;
                }
            }
        }
        None
    }

    /// Says whether the peer is not wanted any more when this is over.
    pub(super) fn closes(&self) -> bool {
        matches!(self.deeds.front(), Some(Deed::Close | Deed::Reset))
    }
}

/// Reads on, if `count` bytes were not read yet; says how many more were.
fn read(end: &mut dyn End, heard: &mut Vec<u8>, count: usize, done: usize) -> io::Result<usize> {
    let mut buffer = vec![0; (64 * 1024).min(count - done)];
    let more = if buffer.is_empty() { 0 } else { end.read(&mut buffer)? };
    heard.extend_from_slice(&buffer[..more]);
    assert!(more > 0 || done == count || count == usize::MAX, "the end came after {done} bytes");
    Ok(more)
}

/// Writes on, if not all was written yet; says how many bytes more were.
fn write(end: &mut dyn End, bytes: &[u8], done: usize) -> io::Result<usize> {
    if done == bytes.len() { end.flush().map(|()| 0) } else { end.write(&bytes[done..]) }
}

/// Reads and writes on, by which less of both is left.
fn exchange(
    end: &mut dyn End,
    heard: &mut Vec<u8>,
    count: &mut usize,
    bytes: &mut VecDeque<u8>,
) -> (Lack, io::Result<usize>) {
    let came = read(end, heard, *count, 0);
    let went = write(end, bytes.as_slices().0, 0);
    *count -= came.as_ref().unwrap_or(&0);
    bytes.drain(..*went.as_ref().unwrap_or(&0));
    match (came, went) {
        (Err(error), Err(other)) if error.kind() == ErrorKind::WouldBlock => {
            (Lack::Either, Err(other))
        }
        (Err(error), Err(_)) => (Lack::Either, Err(error)),
        (Err(error), Ok(0)) => (Lack::Bytes, Err(error)),
        (Ok(0), Err(error)) => (Lack::Room, Err(error)),
        (came, went) => (Lack::Either, Ok(came.unwrap_or(0) + went.unwrap_or(0))),
    }
}

/// Writes, if anybody takes it.
fn flood(end: &mut dyn End) -> io::Result<usize> {
    match end.write(&[0; 1 << 16]) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Ok(0),
        done => done,
    }
}

/// An errand that is under way, as a network has it.
pub(crate) trait Underway {
    /// Waits until it is over. The peer's end is closed then.
    fn end(self: Box<Self>, rt: &mut Runtime) -> Work;
}

/// What a peer does by itself.
#[must_use]
pub struct Errand {
    underway: Box<dyn Underway>,
}

impl Errand {
    pub(super) fn new(underway: Box<dyn Underway>) -> Self {
        Self { underway }
    }

    /// Waits until it is over, and returns what the peer heard.
    #[track_caller]
    pub fn end(self, rt: &mut Runtime) -> Vec<u8> {
        let work = self.underway.end(rt);
        assert!(work.failure.is_none(), "the peer failed: {:?}", work.failure);
        work.heard
    }

    /// Waits until it is over, or has failed because the other end was gone.
    pub fn end_or_fail(self, rt: &mut Runtime) {
        self.underway.end(rt);
    }
}
