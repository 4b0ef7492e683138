//! The memory that reads go to.
//!
//! Keeps one promise: a socket with few unread bytes holds little memory for long. What a read brings
//! stays where it came, so that slots read it there. If it is little, the memory is lent to one socket
//! at a time. The next socket that reads asks for it back, and copies what it has read until it is there.

use std::cell::Cell;

use crate::io::{ByteQueue, Lease};
use crate::object::ObjectKey;

/// How much one read takes at most. A full read is continued in the next pass of the loop, after
/// the others have been served.
pub(super) const SIZE: usize = 64 * 1024;

/// The memory that the sockets of a runtime read into.
///
/// Two pieces are kept: one for a socket that reads, and one for the socket that has read before.
#[derive(Default)]
pub(in crate::net) struct BufferPool {
    first: Cell<ByteQueue>,
    second: Cell<ByteQueue>,
    lease: Lease,
    /// The socket to which memory is lent, unless it was asked for it.
    borrower: Cell<Option<ObjectKey>>,
}

impl BufferPool {
    /// Takes an empty queue with room for a full read.
    #[inline]
    pub(in crate::net) fn take(&self) -> ByteQueue {
        for place in [&self.first, &self.second] {
            let kept = place.take();
            if kept.capacity() > 0 {
                return kept;
            }
        }
        ByteQueue::with_room(SIZE)
    }

    /// Gives memory back. Memory of another size than the pool's is not kept here, nor is a third piece.
    #[inline]
    pub(in crate::net) fn put(&self, mut queue: ByteQueue) {
        queue.empty();
        if queue.capacity() != SIZE {
            return;
        }
        let other = self.first.replace(queue);
        if other.capacity() > 0 {
            self.second.set(other);
        }
    }

    /// Lends the memory of a queue with few bytes to the socket that has read them. If another socket
    /// has some, returns that socket, unless it was returned before: it is to give its memory back.
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
