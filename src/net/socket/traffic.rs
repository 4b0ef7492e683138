//! `Traffic`: the way of bytes between the engine of a socket and the buffers of its device.
//!
//! Keeps one promise: the memory for a read is the pool's, and memory in which a buffer has no byte
//! any more, or few, goes back to the pool. Nothing is emitted here, and no call decides if bytes
//! may go at all: what is known of that is with the two halves of a connection.

use std::io::{self, ErrorKind};
use std::iter::successors;

use crate::io::{ByteQueue, Device};
use crate::net::engine::SocketEngine;
use crate::net::shared::Home;
use crate::object::ObjectKey;
use crate::readiness::Readiness;

/// How many unread bytes are dropped when a connection is closed: as many as Linux lets wait.
const DROPPED_AT_MOST: usize = 6 << 20;

/// What bytes pass on their way: the engine, the buffers of the device, the memory of the runtime.
pub(super) struct Traffic<'a> {
    engine: &'a mut (dyn SocketEngine + 'static),
    buffers: Buffers<'a>,
}

/// The buffers of a device, and the runtime, to whose pool they give memory back. Without a runtime
/// the memory is dropped.
pub(super) struct Buffers<'a> {
    device: &'a mut Device,
    home: Option<&'a Home>,
}

/// What a read has brought. `must_wait` is true if the engine has reported something to its class, whose
/// slots come before `ready_read`.
pub(super) enum Fetched {
    /// Bytes. `is_full` is true if they fill all the room that the read was given, and `readiness` is
    /// what the engine knows to be ready for besides.
    Bytes { is_full: bool, readiness: Readiness, must_wait: bool },
    /// An error, or the end of the peer's stream.
    Nothing { error: Option<io::Error>, must_wait: bool },
}

/// What was sent.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) count: usize,
    /// The engine has no room for more.
    pub(super) is_blocked: bool,
    /// Why the last bytes could not be sent.
    pub(super) failure: Option<io::Error>,
}

impl<'a> Traffic<'a> {
    #[inline(always)]
    pub(super) fn new(engine: &'a mut (dyn SocketEngine + 'static), buffers: Buffers<'a>) -> Self {
        Self { engine, buffers }
    }

    /// Reads up to `room` bytes once. Puts them into the buffer if `is_kept` is true, and drops them
    /// otherwise. Returns `None` without a runtime.
    #[inline(always)]
    pub(super) fn receive(self, room: usize, is_kept: bool) -> Option<Fetched> {
        let Buffers { device, home: Some(home) } = self.buffers else { return None };
        let mut queue = home.pool.take();
        let has_copied = is_kept && device.copy_few_to(&mut queue);
        let size = queue.room().min(room);
        let count = queue.fill(|bytes| self.engine.read_to(bytes, size));
        let must_wait = self.engine.has_reported();
        if has_copied {
            home.pool.put(device.take_copied());
        }
        take_in(device, home, queue, is_kept);
        let Ok(count @ 1..) = count else {
            return Some(Fetched::Nothing { error: count.err(), must_wait });
        };
        let is_full = count == size;
        // A layer may have found the end when it read ahead.
        let readiness = if is_full { Readiness::default() } else { self.engine.ready_now() };
        Some(Fetched::Bytes { is_full, readiness, must_wait })
    }

    /// Returns true if the engine has no more bytes to read, and no bytes wait below its layers.
    pub(super) fn has_come_to_rest(&self) -> bool {
        let engine: &dyn SocketEngine = self.engine;
        let is_empty = |engine: &dyn SocketEngine| engine.available().is_ok_and(|left| left == 0);
        successors(Some(engine), |engine| engine.below()).all(is_empty)
    }

    /// Fails if the connection is broken, although no read would report that.
    pub(super) fn check(self) -> io::Result<()> {
        self.engine.progress().map(drop)
    }

    /// Drops the bytes that wait in the engine, unless they are too many.
    pub(super) fn drop_waiting(self) {
        let Some(home) = self.buffers.home else { return };
        let pool = &home.pool;
        let mut queue = pool.take();
        let size = queue.capacity();
        for _ in 0..DROPPED_AT_MOST / size {
            match queue.fill(|bytes| self.engine.read_to(bytes, size)) {
                Ok(1..) => queue.empty(),
                _ => break,
            }
        }
        pool.put(queue);
    }

    /// Gives up to `budget` of these bytes to the engine, past the buffer, unless other bytes wait
    /// there before them. The failure is not the last word: it comes again when the bytes are sent
    /// from the buffer.
    #[inline]
    pub(super) fn send_at_once(self, bytes: &[u8], budget: usize) -> Sent {
        if !self.buffers.device.outgoing().is_empty() {
            return Sent::default();
        }
        offer(self.engine, &bytes[..bytes.len().min(budget)])
    }

    /// Closes the writing end. A failure means that the connection is lost, which the next read
    /// reports.
    pub(super) fn close_writing_end(self) {
        let _ = self.engine.shutdown_write();
    }

    /// Ends the connection by a reset. If the system refuses, the connection ends as by an abort.
    pub(super) fn reset(self) {
        let _ = self.engine.reset();
    }

    /// Sends as many bytes of the buffer as the engine takes, and no more than `budget`.
    #[inline(always)]
    pub(super) fn send(self, budget: usize) -> Sent {
        let Buffers { device, home } = self.buffers;
        let outgoing = device.outgoing();
        let sent = offer(self.engine, &outgoing[..outgoing.len().min(budget)]);
        if let (Some(memory), Some(home)) = (device.sent(sent.count), home) {
            home.pool.put(memory);
        }
        sent
    }
}

impl<'a> Buffers<'a> {
    #[inline(always)]
    pub(super) fn new(device: &'a mut Device, home: Option<&'a Home>) -> Self {
        Self { device, home }
    }

    /// Gives the memory of a buffer that was read to its end back to the pool.
    #[inline]
    pub(super) fn reclaim(self) {
        if let (Some(memory), Some(home)) = (self.device.reclaim(), self.home) {
            home.pool.put(memory);
        }
    }

    /// Gives large memory back to the pool if there are few bytes in it, unread or unsent, for
    /// example when the memory is lent and another socket has asked for it.
    pub(super) fn shrink(self) {
        for memory in [self.device.shrink(), self.device.shrink_outgoing()] {
            if let (Some(memory), Some(home)) = (memory, self.home) {
                home.pool.put(memory);
            }
        }
    }
}

/// Gives these bytes to the engine, which takes them all unless it has no room.
#[inline(always)]
fn offer(engine: &mut dyn SocketEngine, bytes: &[u8]) -> Sent {
    if bytes.is_empty() {
        return Sent::default();
    }
    match engine.write(bytes) {
        Ok(count) => Sent { count, is_blocked: count < bytes.len(), failure: None },
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Sent { is_blocked: true, ..Sent::default() }
        }
        Err(error) => Sent { failure: Some(error), ..Sent::default() },
    }
}

/// Puts the bytes that were read into the buffer, or drops them.
#[inline(always)]
fn take_in(device: &mut Device, home: &Home, mut queue: ByteQueue, is_kept: bool) {
    if !is_kept {
        return home.pool.put(queue);
    }
    if !queue.is_empty()
        && !queue.is_much()
        && let Some(borrower) = home.pool.lend(&mut queue, home.key())
    {
        ask_back(home, borrower);
    }
    if let Some(memory) = device.adopt(queue) {
        home.pool.put(memory);
    }
}

/// Asks another socket to give its memory back.
#[cold]
fn ask_back(home: &Home, borrower: ObjectKey) {
    home.wakeups.postpone(borrower);
}
