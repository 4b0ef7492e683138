//! The memory of queues that became empty, for the next queues that need some.
//!
//! Most messages are short and soon gone. Without this, each would be an allocation.

use std::cell::RefCell;

use super::byte_queue::{LARGE, Memory};

/// The size of the smallest piece of memory.
const SMALLEST: usize = 256;

/// The size of the largest piece for short messages. A queue that begins with one gets no larger piece,
/// since the message may stay.
const SHORT: usize = 4096;

/// How much memory a shelf keeps at most, in bytes.
const MOST: usize = 256 * 1024;

thread_local! {
    /// Pieces for short messages.
    static SMALL: RefCell<Shelf> = const { RefCell::new(Shelf::EMPTY) };
    /// Pieces for longer ones, which are less than [`LARGE`].
    static MEDIUM: RefCell<Shelf> = const { RefCell::new(Shelf::EMPTY) };
}

/// Pieces of memory that are kept.
struct Shelf {
    #[expect(clippy::vec_box, reason = "the boxes are what is kept")]
    pieces: Vec<Box<Memory>>,
    /// The size of them all.
    bytes: usize,
}

impl Shelf {
    const EMPTY: Self = Self { pieces: Vec::new(), bytes: 0 };

    #[inline]
    fn take(&mut self) -> Option<Box<Memory>> {
        let piece = self.pieces.pop()?;
        self.bytes -= piece.capacity();
        Some(piece)
    }

    /// Keeps a piece, or drops it if enough is kept.
    #[inline]
    fn put(&mut self, piece: Box<Memory>) {
        let bytes = self.bytes + piece.capacity();
        if bytes <= MOST {
            self.bytes = bytes;
            self.pieces.push(piece);
        }
    }
}

/// Takes empty memory for so many bytes.
#[inline]
pub(super) fn take(len: usize) -> Box<Memory> {
    let shelf = if len <= SHORT { &SMALL } else { &MEDIUM };
    // A thread that is ending has none any more.
    match shelf.try_with(|shelf| shelf.borrow_mut().take()) {
        Ok(Some(piece)) if len <= piece.capacity() => piece,
        Ok(Some(piece)) => grown(piece, len),
        _ => grown(Box::default(), len),
    }
}

#[cold]
fn grown(mut piece: Box<Memory>, len: usize) -> Box<Memory> {
    piece.reserve(len.max(SMALLEST));
    piece
}

/// Keeps empty memory, or drops it.
#[inline]
pub(super) fn put(piece: Box<Memory>) {
    let shelf = match piece.capacity() {
        SMALLEST..=SHORT => &SMALL,
        ..SMALLEST | LARGE.. => return,
        _ => &MEDIUM,
    };
    let _ = shelf.try_with(|shelf| shelf.borrow_mut().put(piece));
}

#[cfg(test)]
mod tests {
    use super::{MEDIUM, MOST, SHORT, SMALL, SMALLEST, put, take};

    #[test]
    fn what_is_put_back_is_taken_again_by_messages_of_its_length() {
        let piece = take(SHORT + 1);
        let place = &raw const *piece;
        put(piece);
        assert_ne!(&raw const *take(1), place, "a short message may stay long");
        assert_eq!(&raw const *take(2 * SHORT), place);
    }

    #[test]
    fn no_more_is_kept_than_the_shelves_hold() {
        for len in [1, SMALLEST, SHORT, SHORT + 1, 3 * SHORT, 5 * SHORT] {
            let pieces: Vec<_> = (0..2000).map(|_| take(len)).collect();
            pieces.into_iter().for_each(put);
            for shelf in [&SMALL, &MEDIUM] {
                shelf.with_borrow(|shelf| {
                    let bytes: usize = shelf.pieces.iter().map(|piece| piece.capacity()).sum();
                    assert!(bytes <= MOST && shelf.bytes == bytes);
                });
            }
        }
    }
}
