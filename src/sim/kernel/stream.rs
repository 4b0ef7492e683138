//! The two directions of a simulated TCP connection: bytes that are queued, sent, acknowledged,
//! received.
//!
//! Bytes in, bytes out: nothing here depends on time, hosts or loss. `parcel.rs` moves the
//! segments.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// A part of a stream, to be sent.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The place of the first byte in the stream.
    pub(super) start: u64,
    pub(super) bytes: Rc<[u8]>,
    /// The end of the stream follows the bytes.
    pub(super) is_last: bool,
}

impl Segment {
    /// Returns the place after the segment. The end of a stream takes a place too.
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64 + u64::from(self.is_last)
    }
}

/// The outgoing direction: bytes that are written and not acknowledged.
#[derive(Debug)]
pub(super) struct Outgoing {
    queue: VecDeque<u8>,
    /// How many bytes may be written without an acknowledgement.
    capacity: usize,
    /// The place of the first byte in the queue.
    next: u64,
    acknowledged: u64,
    /// The place up to which the receiver has room.
    window_end: u64,
    end: End,
    /// A write found no room, so new room must be reported.
    wants_room: bool,
}

/// The state of a stream's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    /// The end is to be sent after the queued bytes.
    Wanted,
    Sent,
}

impl Outgoing {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            capacity,
            next: 0,
            acknowledged: 0,
            window_end: 0,
            end: End::Open,
            wants_room: false,
        }
    }

    /// Queues as many bytes as there is room for; returns how many.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.queue.extend(&bytes[..count]);
        self.wants_room |= count < bytes.len();
        count
    }

    /// Takes the next segment of at most `most` bytes, if there is one and the receiver has room.
    /// `cut` may return a smaller length.
    pub(super) fn next_segment(
        &mut self,
        most: usize,
        cut: impl FnOnce(usize) -> usize,
    ) -> Option<Segment> {
        let window = usize::try_from(self.window_end.saturating_sub(self.next));
        let count = self.queue.len().min(most).min(window.unwrap_or(usize::MAX));
        let count = match count {
            0 | 1 => count,
            most => cut(most).clamp(1, most),
        };
        let is_last = self.end == End::Wanted && count == self.queue.len();
        if count == 0 && !is_last {
            return None;
        }
        let bytes = self.take(count).into();
        if is_last {
            self.end = End::Sent;
        }
        let segment = Segment { start: self.next, bytes, is_last };
        self.next += count as u64;
        Some(segment)
    }

    /// Takes so many bytes off the queue. Copies slices, since copying single bytes would dominate
    /// the cost.
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (front, back) = self.queue.as_slices();
        let first = front.len().min(count);
        let bytes = [&front[..first], &back[..count - first]].concat();
        self.queue.drain(..count);
        if self.queue.is_empty() {
            // An idle stream holds no memory.
            self.queue = VecDeque::new();
        }
        bytes
    }

    /// Notes that the receiver has all bytes up to `up_to` and room up to `window_end`. Returns
    /// true if new room must be reported.
    pub(super) fn acknowledge(&mut self, up_to: u64, window_end: u64) -> bool {
        self.acknowledged = self.acknowledged.max(up_to);
        self.window_end = self.window_end.max(window_end);
        let tell = self.wants_room && self.is_writable();
        self.wants_room &= !tell;
        tell
    }

    /// Requests a report of new room, since a poll has found none.
    pub(super) fn want_room(&mut self) {
        self.wants_room = true;
    }

    /// Changes how many bytes may be written. Returns true if new room must be reported.
    pub(super) fn set_capacity(&mut self, capacity: usize) -> bool {
        self.capacity = capacity;
        self.acknowledge(self.acknowledged, self.window_end)
    }

    pub(super) fn is_acknowledged(&self, segment: &Segment) -> bool {
        self.acknowledged >= segment.end()
    }

    /// Returns true if sent bytes, or the end, are not acknowledged.
    pub(super) fn is_in_flight(&self) -> bool {
        self.acknowledged < self.next + u64::from(self.end == End::Sent)
    }

    /// Returns true if queued bytes wait for the receiver's room, and no acknowledgement is due
    /// that could report some.
    pub(super) fn is_blocked(&self) -> bool {
        !self.is_in_flight() && (!self.queue.is_empty() || self.end == End::Wanted)
    }

    /// Adds the end after the queued bytes.
    pub(super) fn finish(&mut self) {
        if self.end == End::Open {
            self.end = End::Wanted;
        }
    }

    /// Returns true if no more bytes may be written.
    pub(super) fn is_finished(&self) -> bool {
        self.end != End::Open
    }

    /// Returns true if all bytes and the end are acknowledged.
    pub(super) fn is_done(&self) -> bool {
        self.end == End::Sent && !self.is_in_flight()
    }

    /// Returns true if there is enough room to report: a third of the capacity, as on Linux.
    pub(super) fn is_writable(&self) -> bool {
        self.room() >= self.capacity / 3
    }

    /// Drops the bytes that are not sent yet.
    pub(super) fn clear(&mut self) {
        self.queue = VecDeque::new();
    }

    fn room(&self) -> usize {
        let in_flight = usize::try_from(self.next.saturating_sub(self.acknowledged));
        let taken = self.queue.len().saturating_add(in_flight.unwrap_or(usize::MAX));
        self.capacity.saturating_sub(taken)
    }
}

/// The incoming direction.
#[derive(Debug)]
pub(in crate::sim) struct Incoming {
    data: VecDeque<u8>,
    pub(super) capacity: usize,
    /// The place of the next byte to come.
    next: u64,
    /// Segments that came too early.
    parked: BTreeMap<u64, Segment>,
    has_ended: bool,
    /// The place up to which the sender was promised room.
    promised: u64,
}

impl Incoming {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            data: VecDeque::new(),
            capacity,
            next: 0,
            parked: BTreeMap::new(),
            has_ended: false,
            promised: capacity as u64,
        }
    }

    /// Takes a segment. Returns true if there are new bytes to read, or the end.
    pub(super) fn take_in(&mut self, segment: Segment) -> bool {
        if segment.start > self.next || self.has_ended {
            if segment.start > self.next {
                self.parked.insert(segment.start, segment);
            }
            return false;
        }
        let before = self.place();
        self.append(&segment);
        while let Some(parked) = self.parked.remove(&self.next) {
            self.append(&parked);
        }
        self.place() != before
    }

    /// Adds the next segment. Ignores a repeated one: a segment is never split on its way.
    fn append(&mut self, segment: &Segment) {
        if segment.start == self.next && !self.has_ended {
            self.data.extend(&*segment.bytes);
            self.next += segment.bytes.len() as u64;
            self.has_ended = segment.is_last;
        }
    }

    /// Returns the place up to which all bytes have come, the end included.
    pub(super) fn place(&self) -> u64 {
        self.next + u64::from(self.has_ended)
    }

    /// Promises the current room; returns the place up to which it goes.
    pub(super) fn promise(&mut self) -> u64 {
        self.promised = self.promised.max(self.room_end());
        self.promised
    }

    /// Returns true if the sender must be informed of new room: at least twice the promised room,
    /// as on Linux.
    pub(super) fn has_news_of_room(&self) -> bool {
        let known = self.promised.saturating_sub(self.next);
        let room = self.room_end().saturating_sub(self.next);
        room > known && room >= 2 * known
    }

    fn room_end(&self) -> u64 {
        self.next + self.capacity.saturating_sub(self.data.len()) as u64
    }

    /// Copies the next bytes without taking them; returns how many.
    pub(super) fn peek(&self, buffer: &mut [u8]) -> usize {
        let (front, back) = self.data.as_slices();
        let first = front.len().min(buffer.len());
        let second = back.len().min(buffer.len() - first);
        buffer[..first].copy_from_slice(&front[..first]);
        buffer[first..first + second].copy_from_slice(&back[..second]);
        first + second
    }

    /// Takes the next bytes; returns how many.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.peek(buffer);
        self.data.drain(..count);
        if self.data.is_empty() {
            self.data = VecDeque::new();
        }
        count
    }

    /// Returns how many bytes there are to read.
    pub(in crate::sim) fn len(&self) -> usize {
        self.data.len()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// For all sizes, cuts, orders of arrival and reads: all bytes come once and in order, and
        /// never more than the promised room.
        #[test]
        fn what_is_written_is_read_in_order_and_once(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            sizes in proptest::collection::vec(1_usize..40, 1..20),
            capacity in 1_usize..60,
            swaps in proptest::collection::vec(any::<usize>(), 1..20),
        ) {
            let (mut out, mut incoming) = (Outgoing::new(50), Incoming::new(capacity));
            out.acknowledge(0, incoming.promise());
            let (mut written, mut read, mut way) = (0, Vec::<u8>::new(), Vec::<Segment>::new());
            let mut round = 0;
            while !incoming.has_ended() || incoming.len() > 0 {
                let size = sizes[round % sizes.len()];
                written += out.write(&bytes[written..(written + size).min(bytes.len())]);
                if written == bytes.len() {
                    out.finish();
                }
                while let Some(segment) = out.next_segment(size, |most| most / 2 + 1) {
                    way.push(segment);
                }
                if !way.is_empty() {
                    let place = swaps[round % swaps.len()] % way.len();
                    let segment = way.remove(place);
                    incoming.take_in(segment.clone());
                    incoming.take_in(segment);
                }
                prop_assert!(incoming.len() <= capacity);
                let mut buffer = vec![0; size];
                let count = incoming.read(&mut buffer);
                read.extend(&buffer[..count]);
                out.acknowledge(incoming.place(), incoming.promise());
                round += 1;
                prop_assert!(round < 10_000, "it comes to a stop");
            }
            prop_assert_eq!(read, bytes);
            prop_assert!(out.is_done());
        }
    }
}
