//! The state that every device has: its open mode, two queues of bytes and the signals.
//!
//! Keeps one promise: an idle device is small. What few devices need is in one box, made when it
//! is first needed. What is done with the state is in `reading.rs` and `writing.rs`.

use std::cell::{Cell, OnceCell};
use std::io::{self, ErrorKind};

use super::byte_queue::ByteQueue;
use super::message_ends::MessageEnds;
use super::open_mode::OpenMode;
use super::searched::Searched;
use super::text::{RETURN, TextView};
use super::transaction::{Advance, Transaction};
use crate::object::{Response, Signal};

/// The part of a device that slotwire looks after: its buffer, its open mode and its signals.
///
/// A field of every class that is a device by itself: `#[qobject(device)] device: Device`. What it
/// holds is reached by the methods of [`QIODevice`](super::QIODevice). See
/// [`RawDevice`](super::RawDevice) for an example.
#[derive(Debug, Default)]
pub struct Device {
    mode: OpenMode,
    incoming: ByteQueue,
    outgoing: ByteQueue,
    pub(super) ready_read: Signal<()>,
    pub(super) bytes_written: Signal<usize>,
    rare: OnceCell<Box<Rare>>,
}

/// What few devices need.
#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) about_to_close: Signal<()>,
    pub(super) read_channel_finished: Signal<()>,
    /// The user was told that the device is about to be closed.
    is_closing: Cell<bool>,
    pub(super) channel_ready_read: Signal<usize>,
    pub(super) channel_bytes_written: Signal<(usize, usize)>,
    pub(super) transaction: Transaction,
    /// Where the next byte comes from below the buffer of a random-access device.
    pub(super) cursor: u64,
    pub(super) error: String,
    /// How often the device was opened or closed; it begins again at 0 after the highest number.
    openings: u32,
    /// Where no line feed is behind the mark of a transaction.
    line_feeds: Searched,
    /// Where no carriage return is, for text mode.
    returns: Searched,
    /// What was peeked at in text mode and not read since.
    view: TextView,
    /// Where the messages in the buffer end, if they are messages.
    message_ends: MessageEnds,
}

impl Rare {
    /// Notes that the first `count` bytes leave the buffer.
    fn front_leaves(&mut self, count: usize) {
        self.line_feeds.consumed(count);
        self.returns.consumed(count);
        self.message_ends.settle();
    }
}

impl Device {
    /// Creates the state of a closed device.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn mode(&self) -> OpenMode {
        self.mode
    }

    pub(crate) fn set_mode(&mut self, mode: OpenMode) {
        self.mode = mode;
    }

    /// Opens the device with empty queues.
    pub(crate) fn open(&mut self, mode: OpenMode) {
        self.mode = mode;
        self.outgoing.clear();
        self.forget();
    }

    /// Closes the device for its user, after the signal for that. What was written still goes out.
    pub(crate) fn close(&mut self) {
        self.announce_closing();
        self.shut();
    }

    /// Emits `about_to_close` if the device is open and has not done so.
    pub(crate) fn announce_closing(&self) {
        if let (true, Some(rare)) = (self.mode != OpenMode::NOT_OPEN, self.rare.get())
            && !rare.is_closing.replace(true)
        {
            rare.about_to_close.emit(());
        }
    }

    /// Returns true if `about_to_close` was emitted, and the device is still open.
    pub(super) fn is_closing(&self) -> bool {
        self.rare.get().is_some_and(|rare| rare.is_closing.get())
    }

    /// Closes the device without telling anybody.
    pub(crate) fn shut(&mut self) {
        self.mode = OpenMode::NOT_OPEN;
        self.forget();
    }

    /// Returns true if a slot is connected to `about_to_close` of an open device.
    pub(crate) fn closing_is_heard(&self) -> bool {
        self.mode != OpenMode::NOT_OPEN
            && self.existing_rare().is_some_and(|rare| rare.about_to_close.is_connected())
    }

    /// Forgets what belongs to one opening.
    fn forget(&mut self) {
        self.drop_buffer();
        if let Some(rare) = self.rare.get_mut() {
            rare.is_closing.set(false);
            rare.transaction = Transaction::None;
            rare.cursor = 0;
            rare.error = String::new();
            rare.openings = rare.openings.wrapping_add(1);
        }
    }

    /// Returns a number that is another one after the device was opened or closed. A reader that keeps
    /// something of the bytes forgets it then.
    pub(crate) fn openings(&self) -> u32 {
        self.rare().openings
    }

    /// Copies the bytes that are unread, if they are few, to a queue that is about to be read into, as
    /// [`ByteQueue::copy_few_to`] does. Returns true if it has.
    #[inline]
    pub(crate) fn copy_few_to(&self, queue: &mut ByteQueue) -> bool {
        self.incoming.has_memory() && self.incoming.copy_few_to(queue)
    }

    /// Takes the bytes out that were [copied](Self::copy_few_to), in their memory.
    #[inline]
    pub(crate) fn take_copied(&mut self) -> ByteQueue {
        std::mem::take(&mut self.incoming)
    }

    /// Adds the bytes that came in to the buffer, as [`ByteQueue::adopt`] does. Returns the memory that
    /// is not needed. Emits nothing: that is for [`announce_received`](Self::announce_received) or
    /// [`received_response`](Self::received_response).
    #[inline]
    pub(crate) fn adopt(&mut self, queue: ByteQueue) -> Option<ByteQueue> {
        if self.is_readable() { self.incoming.adopt(queue) } else { Some(queue) }
    }

    /// Tells the user that there is something new to read, as the response of an object that was
    /// woken.
    #[inline]
    pub(crate) fn received_response(&self) -> Response {
        if self.rare.get().is_some_and(|rare| rare.channel_ready_read.was_heard()) {
            self.announce_received();
            return Response::DONE;
        }
        Response::emit(&self.ready_read)
    }

    /// Tells the user that there is something new to read.
    pub(crate) fn announce_received(&self) {
        self.ready_read.emit(());
        if let Some(rare) = self.rare.get() {
            rare.channel_ready_read.emit(0);
        }
    }

    /// Gives away the memory of a buffer that was read to its end, if it is worth keeping.
    ///
    /// To be called by [`RawDevice::buffer_consumed`](super::RawDevice::buffer_consumed), after which the
    /// memory is dropped.
    #[inline]
    pub(crate) fn reclaim(&mut self) -> Option<ByteQueue> {
        self.incoming.reclaim()
    }

    /// Returns true if the buffer should [shrink](Self::shrink), as there are few bytes in large memory
    /// that nobody has lent.
    #[inline]
    pub(crate) fn is_wasteful(&self) -> bool {
        self.incoming.is_wasteful()
    }

    /// Gives away the memory of a buffer that has few bytes in large memory.
    pub(crate) fn shrink(&mut self) -> Option<ByteQueue> {
        self.incoming.shrink()
    }

    /// Gives away the memory of what is to go out, if that is few bytes in large memory.
    pub(crate) fn shrink_outgoing(&mut self) -> Option<ByteQueue> {
        self.outgoing.shrink()
    }

    /// Returns true if the buffer for reading has memory, as it does while there are bytes in it.
    #[inline]
    pub(crate) fn has_memory(&self) -> bool {
        self.incoming.has_memory()
    }

    /// The number of bytes in the buffer that were not read, or were read in a transaction only.
    pub(crate) fn unread_len(&self) -> usize {
        self.incoming.len()
    }

    /// Takes what was received and not read. Rolls a transaction back before.
    #[cfg(feature = "tls")]
    pub(crate) fn take_unread(&mut self) -> Vec<u8> {
        if !matches!(self.transaction(), Transaction::None) {
            self.roll_back();
        }
        self.take_buffer()
    }

    /// Takes the buffer out, for somebody who writes on what is in it. There are no messages in it, and no
    /// transaction is under way.
    #[inline]
    pub(super) fn take_queue(&mut self) -> ByteQueue {
        if self.rare.get().is_some() {
            self.forget_findings(0);
        }
        std::mem::take(&mut self.incoming)
    }

    /// Puts what is left of the buffer back, in front of what has come to it meanwhile.
    #[inline]
    pub(super) fn put_queue_back(&mut self, queue: ByteQueue) {
        if queue.has_memory() {
            self.put_in_front(queue);
        }
    }

    #[inline(never)]
    fn put_in_front(&mut self, mut queue: ByteQueue) {
        if !self.incoming.is_empty() {
            queue.push(self.incoming.as_slice());
        }
        self.incoming = queue;
    }

    /// What is to go out.
    pub(crate) fn outgoing(&self) -> &[u8] {
        self.outgoing.as_slice()
    }

    /// Drops the first `count` bytes of the outgoing buffer, which were sent. Returns large memory in
    /// which no byte is left. [`announce_written`](Self::announce_written) emits the signal.
    #[inline]
    pub(crate) fn sent(&mut self, count: usize) -> Option<ByteQueue> {
        self.outgoing.consume_and_reclaim(count)
    }

    /// Tells the user that `count` bytes have gone out: 0 is an empty datagram.
    #[inline]
    pub(crate) fn announce_written(&self, count: usize) {
        if self.bytes_written.was_heard() || self.rare.get().is_some() {
            self.emit_written(count);
        }
    }

    #[inline(never)]
    fn emit_written(&self, count: usize) {
        self.bytes_written.emit(count);
        if let Some(rare) = self.rare.get() {
            rare.channel_bytes_written.emit((0, count));
        }
    }

    /// Forgets what is to go out.
    pub(crate) fn drop_outgoing(&mut self) {
        self.outgoing.clear();
    }

    pub(crate) fn finish_read_channel(&self) {
        if let Some(rare) = self.rare.get() {
            rare.read_channel_finished.emit(());
        }
    }

    /// Queues bytes to go out.
    #[inline]
    pub(crate) fn queue(&mut self, bytes: &[u8]) {
        self.outgoing.push(bytes);
    }

    /// Moves `count` bytes of another queue to what is to go out.
    #[inline]
    pub(crate) fn queue_from(&mut self, queue: &mut ByteQueue, count: usize) {
        self.outgoing.push_from(queue, count);
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.mode.contains(OpenMode::READ_ONLY)
    }

    pub(super) fn check_readable(&self) -> io::Result<()> {
        check(self.is_readable(), "the device is not open for reading")
    }

    pub(super) fn check_writable(&self) -> io::Result<()> {
        check(self.mode.contains(OpenMode::WRITE_ONLY), "the device is not open for writing")
    }

    /// What is in the buffer and can be read.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        match self.rare.get() {
            _ if !self.is_readable() => &[],
            None => self.incoming.as_slice(),
            Some(rare) => self.incoming.as_slice().get(rare.transaction.mark()..).unwrap_or(&[]),
        }
    }

    /// The number of bytes up to and including the first line feed that is in the buffer, which is
    /// looked for in the first `max` bytes.
    pub(super) fn line_len(&self, max: usize) -> Option<usize> {
        if !self.is_readable() {
            return None;
        }
        let mark = self.mark();
        match self.rare.get() {
            Some(rare) if mark > 0 => {
                let end = mark.saturating_add(max);
                let found = rare.line_feeds.find(b'\n', self.incoming.as_slice(), mark, end);
                found.map(|at| at + 1 - mark)
            }
            _ => self.incoming.line_len(max),
        }
    }

    /// What is in the buffer and can be read, up to the first carriage return, and no more than
    /// `max` bytes.
    pub(super) fn unread_text(&self, max: usize) -> &[u8] {
        let unread = self.unread();
        let (mark, max) = (self.mark(), unread.len().min(max));
        let found = self.rare().returns.find(RETURN, self.incoming.as_slice(), mark, mark + max);
        &unread[..found.map_or(max, |at| at - mark)]
    }

    /// Makes at least `max` bytes ready that can be peeked at in text mode, if the first `len` bytes
    /// in the buffer give as many. Returns how many are ready.
    pub(super) fn make_view(&mut self, len: usize, max: usize) -> usize {
        if !self.is_readable() {
            return 0;
        }
        let mark = self.rare().transaction.mark();
        let unread = self.incoming.as_slice().get(mark..).unwrap_or(&[]);
        let unread = &unread[..unread.len().min(len)];
        let rare = self.rare.get_mut().expect("made for the mark");
        rare.view.make(unread, max, mark > 0)
    }

    /// The bytes that can be peeked at in text mode, and no more than `max` of them.
    pub(super) fn view(&self, max: usize) -> &[u8] {
        self.existing_rare().filter(|_| self.is_readable()).map_or(&[], |rare| rare.view.show(max))
    }

    /// What is left of the next message in the buffer, if one is there.
    #[inline]
    pub(crate) fn message(&self) -> Option<&[u8]> {
        self.message_in(self.rare.get()?)
    }

    #[cold]
    fn message_in(&self, rare: &Rare) -> Option<&[u8]> {
        let len = rare.message_ends.next_len()?;
        if self.is_readable() { self.unread().get(..len) } else { None }
    }

    /// What is left of the next message in the buffer that is not empty.
    pub(super) fn message_with_bytes(&self) -> &[u8] {
        let len = self.rare.get().and_then(|rare| rare.message_ends.next_len_with_bytes());
        len.and_then(|len| self.unread().get(..len)).unwrap_or_default()
    }

    /// Returns true if the next message in the buffer is what a reader has left of one.
    pub(super) fn message_is_rest(&self) -> bool {
        self.rare.get().is_some_and(|rare| rare.message_ends.next_is_rest())
    }

    /// The number of messages in the buffer that were not read, or not to their end.
    pub(super) fn messages_left(&self) -> usize {
        self.rare.get().map_or(0, |rare| rare.message_ends.left())
    }

    /// How much of the buffer was read in a transaction.
    fn mark(&self) -> usize {
        self.rare.get().map_or(0, |rare| rare.transaction.mark())
    }

    /// Adds what was read from below to the buffer.
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        self.incoming.push(bytes);
        self.move_cursor(bytes.len());
    }

    /// Adds a message that was read from below to the buffer.
    pub(super) fn fill_message(&mut self, message: &[u8]) {
        self.incoming.push(message);
        self.rare_mut().message_ends.push(message.len());
    }

    /// Notes that the next message in the buffer was read. Returns false if that is not an empty one.
    pub(super) fn pass_empty_message(&mut self) -> bool {
        let Some(rare) = self.rare.get_mut() else { return false };
        let has_passed = rare.message_ends.pass_empty();
        if !rare.transaction.keeps() {
            rare.message_ends.settle();
        }
        has_passed
    }

    /// Notes that the message that was read last is an empty one and still the next.
    pub(super) fn leave_empty_message(&mut self) {
        self.rare_mut().message_ends.leave_empty();
    }

    /// Notes that `count` bytes were read from below, or written to it.
    pub(super) fn move_cursor(&mut self, count: usize) {
        // Sequential devices never look at it, and need no box for it.
        if let Some(rare) = self.rare.get_mut() {
            rare.cursor = rare.cursor.saturating_add(count as u64);
        }
    }

    pub(super) fn set_cursor(&mut self, position: u64) {
        self.rare_mut().cursor = position;
    }

    /// Where the next byte comes from below the buffer.
    pub(super) fn cursor(&self) -> u64 {
        self.rare.get().map_or(0, |rare| rare.cursor)
    }

    /// Notes that up to `count` bytes of the buffer were read. Returns what has become of them.
    #[inline]
    pub(super) fn advance(&mut self, count: usize) -> Advance {
        if self.rare.get().is_some() {
            return self.advance_rare(count);
        }
        if self.incoming.consume(count) > 0 { Advance::Left } else { Advance::Nothing }
    }

    /// Does the same for a device that has what few devices need.
    #[cold]
    fn advance_rare(&mut self, count: usize) -> Advance {
        let rare = self.rare.get_mut().expect("the caller has looked");
        let mark = rare.transaction.mark();
        let count = count.min(self.incoming.len() - mark);
        let are_kept = rare.transaction.keeps();
        rare.view.was_read(&self.incoming.as_slice()[mark..mark + count], are_kept);
        rare.message_ends.was_read(count);
        if let Transaction::Marked { read } = &mut rare.transaction {
            *read += count;
            return if count > 0 { Advance::Kept } else { Advance::Nothing };
        }
        rare.front_leaves(count);
        self.incoming.consume(count);
        if count > 0 { Advance::Left } else { Advance::Nothing }
    }

    /// Ends the transaction and drops what was read in it. Returns true if that left the buffer.
    pub(super) fn commit(&mut self) -> bool {
        let rare = self.rare_mut();
        let read = std::mem::take(&mut rare.transaction).mark();
        let has_read = read > 0 || rare.message_ends.has_read();
        rare.view.drop_passed();
        rare.front_leaves(read);
        self.incoming.consume(read);
        has_read
    }

    /// Ends the transaction; what was read in it can be read again.
    pub(super) fn roll_back(&mut self) {
        let rare = self.rare_mut();
        rare.transaction = Transaction::None;
        rare.view.taken_back();
        rare.message_ends.take_back();
    }

    /// Takes the whole buffer, if all of it is to be read.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        self.forget_findings(0);
        self.incoming.take()
    }

    /// Drops the last `count` bytes of the buffer, which can be read again from below.
    pub(super) fn unfill(&mut self, count: usize) {
        self.incoming.unpush(count);
        self.forget_findings(self.incoming.len());
    }

    /// Puts a byte in front of the buffer, and of the message there if it has messages.
    pub(super) fn unget(&mut self, byte: u8, has_messages: bool) {
        self.incoming.unget(byte);
        if has_messages && self.rare_mut().message_ends.ungot() {
            // The view is of a message behind it.
            self.rare_mut().view.forget();
        }
        if let Some(rare) = self.rare.get_mut() {
            rare.line_feeds.ungot(byte == b'\n');
            rare.returns.ungot(byte == RETURN);
            rare.view.ungot(byte);
        }
    }

    /// Drops the buffer.
    pub(super) fn drop_buffer(&mut self) {
        self.incoming.clear();
        self.forget_findings(0);
    }

    /// Forgets what is known of the bytes behind the first `len` in the buffer.
    fn forget_findings(&mut self, len: usize) {
        let mark = self.mark();
        if let Some(rare) = self.rare.get_mut() {
            rare.line_feeds.truncated(len);
            rare.returns.truncated(len);
            if len == 0 {
                rare.message_ends = MessageEnds::default();
            }
            rare.view.truncated(len.saturating_sub(mark));
        }
    }

    /// Drops the buffer's memory if nothing is in it.
    #[inline]
    pub(super) fn release(&mut self) {
        self.incoming.release();
    }

    pub(super) fn transaction(&self) -> &Transaction {
        self.rare.get().map_or(&Transaction::None, |rare| &rare.transaction)
    }

    /// What few devices need; it is needed now.
    pub(super) fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// What few devices need; it is needed now.
    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_init(Box::default);
        self.rare.get_mut().expect("made in the line above")
    }

    /// What few devices need, if it was needed before.
    pub(super) fn existing_rare(&self) -> Option<&Rare> {
        self.rare.get().map(|rare| &**rare)
    }
}

/// Fails for this reason unless the device is open for what is asked of it.
fn check(is_open: bool, reason: &str) -> io::Result<()> {
    if is_open { Ok(()) } else { Err(io::Error::new(ErrorKind::NotConnected, reason)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Advance, ByteQueue, Device, OpenMode, Transaction};

    /// A queue in large memory.
    fn queue_of(bytes: &[u8]) -> ByteQueue {
        let mut queue = ByteQueue::with_room(20_000);
        queue.push(bytes);
        queue
    }

    #[test]
    fn the_state_of_a_device_is_small() {
        assert!(size_of::<Device>() <= 48, "{} bytes", size_of::<Device>());
    }

    #[test]
    fn much_that_comes_at_once_is_not_copied_and_its_memory_is_given_back() {
        let mut device = Device::new();
        device.open(OpenMode::READ_ONLY);
        let much = queue_of(&[b'x'; 20_000]);
        let place = much.as_slice().as_ptr();
        assert!(device.adopt(much).is_none());
        assert_eq!((device.unread().as_ptr(), device.unread_len()), (place, 20_000));
        assert!(device.reclaim().is_none(), "it was not read yet");

        device.advance(20_000);
        let memory = device.reclaim().expect("all of it was read");
        assert_eq!((memory.as_slice().as_ptr(), memory.len()), (place, 0));
        assert!(device.reclaim().is_none());
    }

    #[test]
    fn what_comes_behind_unread_bytes_is_copied() {
        let mut device = Device::new();
        device.open(OpenMode::READ_ONLY);
        assert!(device.adopt(queue_of(b"ab")).is_some(), "little is copied");
        let much = device.adopt(queue_of(&[b'x'; 20_000])).expect("it comes behind other bytes");
        assert_eq!((much.len(), device.unread_len()), (20_000, 20_002));
        device.advance(20_002);
        device.release();
        assert!(device.reclaim().is_none(), "nobody wanted the memory");
    }

    #[test]
    fn what_comes_to_a_device_that_is_not_read_is_dropped() {
        let mut device = Device::new();
        device.open(OpenMode::WRITE_ONLY);
        assert!(device.adopt(queue_of(b"abc")).is_some());
        assert!(device.adopt(queue_of(&[0; 20_000])).is_some());
        assert_eq!(device.unread_len(), 0);
    }

    #[derive(Clone, Debug)]
    enum Op {
        Fill(Vec<u8>),
        Unfill(usize),
        Unget(u8),
        Advance(usize),
        Start,
        Commit,
        RollBack,
        TakeBuffer,
        DropBuffer,
        Line(usize),
        Text,
        Peek(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        let byte = prop_oneof![1 => Just(b'\n'), 1 => Just(b'\r'), 8 => b'a'..=b'e'].boxed();
        prop_oneof![
            4 => proptest::collection::vec(byte.clone(), 0..20).prop_map(Op::Fill),
            1 => (0usize..8).prop_map(Op::Unfill),
            2 => byte.prop_map(Op::Unget),
            4 => (0usize..8).prop_map(Op::Advance),
            2 => Just(Op::Start),
            1 => Just(Op::Commit),
            1 => Just(Op::RollBack),
            1 => Just(Op::TakeBuffer),
            1 => Just(Op::DropBuffer),
            4 => prop_oneof![Just(usize::MAX), 0usize..30].prop_map(Op::Line),
            4 => Just(Op::Text),
            4 => (0usize..30).prop_map(Op::Peek),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn what_is_known_of_the_buffer_is_true(ops in proptest::collection::vec(op(), 0..60)) {
            let mut device = Device::new();
            device.open(OpenMode::READ_ONLY);
            let (mut bytes, mut mark) = (Vec::new(), None);
            for op in ops {
                let read = mark.unwrap_or(0);
                let unread = bytes.get(read..).unwrap_or_default().to_vec();
                match op {
                    Op::Fill(more) => {
                        device.fill(&more);
                        bytes.extend(more);
                    }
                    Op::Unfill(count) => {
                        let count = count.min(unread.len());
                        device.unfill(count);
                        bytes.truncate(bytes.len() - count);
                    }
                    Op::Unget(byte) if mark.is_none() => {
                        device.unget(byte, false);
                        bytes.insert(0, byte);
                    }
                    Op::Advance(count) => {
                        let count = count.min(unread.len());
                        let advance = match mark {
                            _ if count == 0 => Advance::Nothing,
                            None => Advance::Left,
                            Some(_) => Advance::Kept,
                        };
                        prop_assert_eq!(device.advance(count), advance);
                        match &mut mark {
                            Some(mark) => *mark += count,
                            None => drop(bytes.drain(..count)),
                        }
                    }
                    Op::Start if mark.is_none() => {
                        device.rare_mut().transaction = Transaction::Marked { read: 0 };
                        mark = Some(0);
                    }
                    Op::Commit => {
                        prop_assert_eq!(device.commit(), read > 0);
                        mark = None;
                        bytes.drain(..read);
                    }
                    Op::RollBack => {
                        device.roll_back();
                        mark = None;
                    }
                    Op::TakeBuffer if mark.is_none() => {
                        prop_assert_eq!(device.take_buffer(), std::mem::take(&mut bytes));
                    }
                    Op::DropBuffer if mark.is_none() => {
                        device.drop_buffer();
                        bytes.clear();
                    }
                    Op::Line(max) => {
                        let line = unread.iter().take(max).position(|&byte| byte == b'\n');
                        prop_assert_eq!(device.line_len(max), line.map(|at| at + 1));
                    }
                    Op::Text => {
                        let text = unread.split(|&byte| byte == b'\r').next();
                        prop_assert_eq!(Some(device.unread_text(usize::MAX)), text);
                    }
                    Op::Peek(max) => {
                        let text = unread.into_iter().filter(|&byte| byte != b'\r');
                        let text: Vec<_> = text.take(max).collect();
                        device.make_view(usize::MAX, max);
                        prop_assert_eq!(device.view(max), text);
                    }
                    // Nobody does these while a transaction is under way.
                    Op::Unget(_) | Op::Start | Op::TakeBuffer | Op::DropBuffer => {}
                }
            }
        }
    }
}
