//! The memory that sockets read into.
//!
//! Keeps one promise: a socket with few unread bytes does not hold much memory for long. The bytes
//! of a read stay in this memory, so that slots read them there. If they are few, the memory is
//! lent to the socket, and to one socket at a time. If the bytes are written on as they are, the
//! memory goes along with them, until they are sent or the writer is woken next. The next socket
//! that reads few bytes asks for the memory back, and copies its own bytes until the memory has come
//! back.

use std::cell::Cell;

use crate::io::{ByteQueue, Lease};
use crate::object::ObjectKey;

/// How many bytes one read takes at most. After a full read the socket reads on in a later wake-up,
/// so that it does not delay the others.
pub(super) const SIZE: usize = 64 * 1024;

/// The memory that the sockets of a runtime read into.
///
/// Two pieces are kept: one for a socket that reads, and one for the socket that read before it.
#[derive(Default)]
pub(in crate::net) struct BufferPool {
    first: Cell<ByteQueue>,
    second: Cell<ByteQueue>,
    lease: Lease,
    /// The socket to which memory is lent, unless it was asked to give the memory back.
    borrower: Cell<Option<ObjectKey>>,
}

impl BufferPool {
    /// Takes an empty queue with room for a full read.
    #[inline]
    pub(in crate::net) fn take(&self) -> ByteQueue {
        let first = self.first.take();
        if first.has_memory() { first } else { self.take_second() }
    }

    #[inline(never)]
    fn take_second(&self) -> ByteQueue {
        let second = self.second.take();
        if second.has_memory() { second } else { ByteQueue::with_room(SIZE) }
    }

    /// Gives memory back. Memory of another size is not kept, nor is a third piece.
    #[inline]
    pub(in crate::net) fn put(&self, mut queue: ByteQueue) {
        queue.empty();
        if queue.capacity() != SIZE {
            return;
        }
        let other = self.first.replace(queue);
        if other.has_memory() {
            self.second.set(other);
        }
    }

    /// Lends the memory of a queue with few bytes to the socket that has read them. If memory is
    /// lent to another socket already, returns that socket, once: the caller asks it to give the
    /// memory back.
    #[inline]
    pub(in crate::net) fn lend(
        &self,
        queue: &mut ByteQueue,
        socket: ObjectKey,
    ) -> Option<ObjectKey> {
        if self.lease.is_free() {
            queue.lend(&self.lease);
            self.borrower.set(Some(socket));
            return None;
        }
        self.borrower.take()
    }
}
