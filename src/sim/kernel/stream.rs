//! The two directions of a simulated TCP connection: what is queued, sent, acknowledged, received.
//!
//! Bytes in, bytes out: nothing here knows of time, hosts or loss. `parcel.rs` moves the segments.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// A part of a stream on its way.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The place of its first byte in the stream.
    pub(super) start: u64,
    pub(super) bytes: Rc<[u8]>,
    /// Nothing comes after it.
    pub(super) is_last: bool,
}

impl Segment {
    /// The place after it. The end of a stream has a place too.
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64 + u64::from(self.is_last)
    }
}

/// What goes out: written and not acknowledged.
#[derive(Debug)]
pub(super) struct Outgoing {
    queue: VecDeque<u8>,
    /// How many bytes may be written and not acknowledged.
    capacity: usize,
    /// The place of the first byte in the queue.
    next: u64,
    acknowledged: u64,
    /// The place up to which the receiver has room.
    window_end: u64,
    end: End,
    /// Somebody found no room, and is to be told when there is some.
    wants_room: bool,
}

/// How far the end of a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    /// It goes out after what is queued.
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

    /// Queues what there is room for; says how much that was.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.queue.extend(&bytes[..count]);
        self.wants_room |= count < bytes.len();
        count
    }

    /// The next segment of at most `most` bytes, if there is something and the receiver has room.
    /// `cut` may have it shorter.
    pub(super) fn next_segment(
        &mut self,
        most: usize,
        cut: impl FnOnce(usize) -> usize,
    ) -> Option<Segment> {
        let window = usize::try_from(self.window_end.saturating_sub(self.next));
        let count = self.queue.len().min(most).min(window.unwrap_or(usize::MAX));
        let count = if count > 1 { cut(count).clamp(1, count) } else { count };
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

    /// Takes so many bytes off the queue, as slices: one by one they would cost more than the rest.
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (front, back) = self.queue.as_slices();
        let first = front.len().min(count);
        let bytes = [&front[..first], &back[..count - first]].concat();
        self.queue.drain(..count);
        if self.queue.is_empty() {
            // What is idle holds no memory.
            self.queue = VecDeque::new();
        }
        bytes
    }

    /// The receiver has all up to `up_to` and room up to `window_end`; says whether somebody is to be
    /// told of room.
    pub(super) fn acknowledge(&mut self, up_to: u64, window_end: u64) -> bool {
        self.acknowledged = self.acknowledged.max(up_to);
        self.window_end = self.window_end.max(window_end);
        let tell = self.wants_room && self.is_writable();
        self.wants_room &= !tell;
        tell
    }

    /// Asks to be told of room: somebody has looked and found none, as poll(2) does.
    pub(super) fn want_room(&mut self) {
        self.wants_room = true;
    }

    /// Changes how much may be written; says whether somebody is to be told of room.
    pub(super) fn set_capacity(&mut self, capacity: usize) -> bool {
        self.capacity = capacity;
        self.acknowledge(self.acknowledged, self.window_end)
    }

    pub(super) fn is_acknowledged(&self, segment: &Segment) -> bool {
        self.acknowledged >= segment.end()
    }

    /// Says whether something was sent and not acknowledged.
    pub(super) fn is_in_flight(&self) -> bool {
        self.acknowledged < self.next + u64::from(self.end == End::Sent)
    }

    /// Says whether something is queued that the receiver has no room for, and nothing is on its way
    /// that would tell of some.
    pub(super) fn is_blocked(&self) -> bool {
        !self.is_in_flight() && (!self.queue.is_empty() || self.end == End::Wanted)
    }

    /// Says whether all is acknowledged, with the end, if all up to there is.
    pub(super) fn is_done_with(&self, up_to: u64) -> bool {
        self.end == End::Sent && up_to > self.next
    }

    /// Has the end follow what is queued.
    pub(super) fn finish(&mut self) {
        if self.end == End::Open {
            self.end = End::Wanted;
        }
    }

    /// Says whether nothing more may be written.
    pub(super) fn is_finished(&self) -> bool {
        self.end != End::Open
    }

    /// Says whether all is acknowledged, with the end.
    pub(super) fn is_done(&self) -> bool {
        self.end == End::Sent && !self.is_in_flight()
    }

    /// Says whether it is worth while to write. That takes a third of the room, as on Linux.
    pub(super) fn is_writable(&self) -> bool {
        self.room() >= self.capacity / 3
    }

    /// Forgets what did not go out: nobody will have it.
    pub(super) fn clear(&mut self) {
        self.queue = VecDeque::new();
    }

    fn room(&self) -> usize {
        let in_flight = usize::try_from(self.next.saturating_sub(self.acknowledged));
        let taken = self.queue.len().saturating_add(in_flight.unwrap_or(usize::MAX));
        self.capacity.saturating_sub(taken)
    }
}

/// What has come in.
#[derive(Debug)]
pub(in crate::sim) struct Incoming {
    data: VecDeque<u8>,
    pub(super) capacity: usize,
    /// The place of what comes next.
    next: u64,
    /// What came too early.
    parked: BTreeMap<u64, Segment>,
    has_ended: bool,
    /// The place up to which room was promised.
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

    /// Takes a segment in; says whether there is more to read now, or the end.
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

    /// Adds the segment that comes next. One that came before is left out: each comes whole.
    fn append(&mut self, segment: &Segment) {
        if segment.start == self.next && !self.has_ended {
            self.data.extend(&*segment.bytes);
            self.next += segment.bytes.len() as u64;
            self.has_ended = segment.is_last;
        }
    }

    /// The place up to which all has come, the end's included.
    pub(super) fn place(&self) -> u64 {
        self.next + u64::from(self.has_ended)
    }

    /// Promises the room that there is; returns the place up to which it goes.
    pub(super) fn promise(&mut self) -> u64 {
        self.promised = self.promised.max(self.room_end());
        self.promised
    }

    /// Says whether there is so much more room than was promised that the sender is to know: twice
    /// as much, as on Linux.
    pub(super) fn has_news_of_room(&self) -> bool {
        let known = self.promised.saturating_sub(self.next);
        let room = self.room_end().saturating_sub(self.next);
        room > known && room >= 2 * known
    }

    fn room_end(&self) -> u64 {
        self.next + self.capacity.saturating_sub(self.data.len()) as u64
    }

    /// Copies what comes next.
    pub(super) fn peek(&self, buffer: &mut [u8]) -> usize {
        let (front, back) = self.data.as_slices();
        let first = front.len().min(buffer.len());
        let second = back.len().min(buffer.len() - first);
        buffer[..first].copy_from_slice(&front[..first]);
        buffer[first..first + second].copy_from_slice(&back[..second]);
        first + second
    }

    /// Takes what comes next.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.peek(buffer);
        self.data.drain(..count);
        if self.data.is_empty() {
            self.data = VecDeque::new();
        }
        count
    }

    /// How many bytes there are to read.
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
        /// Whatever the sizes, the cuts, the order of arrival and the reads: all comes, once and in
        /// order, and never more than was promised room for.
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
