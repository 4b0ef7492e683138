//! The system's allocator, which counts what the running thread does.
//!
//! Tests run in threads of their own, so each sees only what it did itself.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Set as `#[global_allocator]` by a test that counts.
#[derive(Debug)]
pub struct CountingAllocator;

/// What a thread allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How often memory was asked for, or a different size of it.
    pub allocations: u64,
    /// How many bytes more there are than before.
    pub bytes: i64,
    /// The most bytes more than before that there were at one time.
    pub peak_bytes: i64,
    /// The same with each allocation as the chunk that the GNU C library makes of it on a 64-bit
    /// machine: 8 bytes more, rounded up to a multiple of 16, and at least 32.
    pub chunk_bytes: i64,
}

impl Count {
    const ZERO: Self = Self { allocations: 0, bytes: 0, peak_bytes: 0, chunk_bytes: 0 };
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count::ZERO) };
}

/// Runs `f` and returns what it allocated.
pub fn count(f: impl FnOnce()) -> Count {
    let before = COUNT.get();
    COUNT.set(Count { peak_bytes: before.bytes, ..before });
    f();
    let after = COUNT.get();
    COUNT.set(Count { peak_bytes: after.peak_bytes.max(before.peak_bytes), ..after });
    Count {
        allocations: after.allocations - before.allocations,
        bytes: after.bytes - before.bytes,
        peak_bytes: after.peak_bytes - before.bytes,
        chunk_bytes: after.chunk_bytes - before.chunk_bytes,
    }
}

/// Returns what the running thread has allocated since it began.
pub fn so_far() -> Count {
    COUNT.get()
}

/// Adds to the count. A thread that is going has none any more.
fn add(allocations: u64, bytes: i64, chunk_bytes: i64) {
    let _ = COUNT.try_with(|count| {
        let old = count.get();
        let bytes = old.bytes + bytes;
        count.set(Count {
            allocations: old.allocations + allocations,
            bytes,
            peak_bytes: old.peak_bytes.max(bytes),
            chunk_bytes: old.chunk_bytes + chunk_bytes,
        });
    });
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// The size of the chunk that holds `size` bytes.
fn chunk(size: usize) -> i64 {
    signed((size.saturating_add(8 + 15) & !15).max(32))
}

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(1, signed(layout.size()), chunk(layout.size()));
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        add(0, -signed(layout.size()), -chunk(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(1, signed(size) - signed(layout.size()), chunk(size) - chunk(layout.size()));
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}
