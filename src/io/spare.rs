//! The memory of small queues that became empty, for the next queues that need some.
//!
//! Most messages are small and short-lived. Without this, each would be an allocation.

use std::cell::RefCell;

use super::byte_queue::Memory;

/// How many pieces of memory a thread keeps. As many connections may each have an answer to send at
/// the end of a pass of the loop.
const COUNT: usize = 64;

/// The size of the smallest piece, and of the largest that is kept: a thread keeps 256 KiB at most.
const SMALLEST: usize = 256;
const LARGEST: usize = 4096;

thread_local! {
    #[expect(clippy::vec_box, reason = "the boxes are what is kept")]
    static PIECES: RefCell<Vec<Box<Memory>>> = const { RefCell::new(Vec::new()) };
}

/// Takes empty memory for so many bytes. It may be smaller, and grows then.
#[inline]
pub(super) fn take(len: usize) -> Box<Memory> {
    // A thread that is ending has none any more.
    let kept = match len {
        ..=LARGEST => PIECES.try_with(|pieces| pieces.borrow_mut().pop()).ok().flatten(),
        _ => None,
    };
    match kept {
        Some(piece) if len <= piece.capacity() => piece,
        kept => grown(kept.unwrap_or_default(), len),
    }
}

#[cold]
fn grown(mut piece: Box<Memory>, len: usize) -> Box<Memory> {
    piece.reserve(len.max(SMALLEST));
    piece
}

/// Keeps empty memory, or drops it if it is large or enough is kept.
#[inline]
pub(super) fn put(piece: Box<Memory>) {
    if piece.capacity() <= LARGEST {
        let _ = PIECES.try_with(|pieces| {
            let mut pieces = pieces.borrow_mut();
            if pieces.len() < COUNT {
                pieces.push(piece);
            }
        });
    }
}
