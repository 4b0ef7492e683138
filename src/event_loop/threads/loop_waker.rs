//! Waking a loop that sleeps.
//!
//! Keeps two promises. A loop that sleeps is woken for whatever waits for it, by one system call: the
//! call is made only if the loop sleeps and nothing else has woken it. And a loop that is awake
//! learns without a lock whether another thread has put something into its inbox. Other threads wake
//! the loop for what they put into the inbox (`inbox.rs`); the loop's own thread rings a [`Bell`].
//! The tests of `inbox.rs` try every order in which threads can take their steps.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use mio::Waker;

use crate::sync::{AtomicU8, Ordering};

/// Wakes a loop from its sleep.
pub(in crate::event_loop) trait Wake {
    /// Ends the loop's sleep, or its next sleep if the loop is awake.
    fn wake(&self);
}

/// The waker of the runtime's poller.
impl Wake for Waker {
    fn wake(&self) {
        // This fails only if the eventfd is full, and then the loop is going to wake anyway.
        let _ = Self::wake(self);
    }
}

/// The loop is awake, and no other thread has put anything in since the loop last emptied the inbox.
const AWAKE: u8 = 0;

/// The loop sleeps, or a foreign loop sleeps on its descriptor.
const ASLEEP: u8 = 1;

/// Another thread has put something in. If the loop slept, that thread has woken it.
const CALLED: u8 = 2;

/// The state of a loop as other threads see it, and what wakes the loop.
///
/// Every write reads the earlier state in the same step, so the threads that write have an order,
/// and each sees what the one before it has written.
pub(in crate::event_loop) struct LoopWaker<W> {
    state: AtomicU8,
    waker: W,
}

impl<W: Wake> LoopWaker<W> {
    /// Makes the waker of a loop, which counts as asleep until [`rise`](Self::rise) is called.
    pub(in crate::event_loop) fn new(waker: W) -> Self {
        Self { state: AtomicU8::new(ASLEEP), waker }
    }

    /// Notes that another thread has put something in, and wakes the loop if it sleeps. The caller
    /// calls this after it has released the lock of the inbox.
    pub(super) fn call(&self) {
        // If a call is noted already, nothing is written: the loop clears the note before it takes
        // the lock of the inbox, so that it finds this thing as well.
        if self.state.load(Ordering::Relaxed) != CALLED
            && self.state.swap(CALLED, Ordering::AcqRel) == ASLEEP
        {
            self.waker.wake();
        }
    }

    /// Wakes the loop, or ends its next sleep.
    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    /// Notes that the loop is going to sleep. Returns false if another thread has put something in:
    /// then the loop stays awake.
    pub(super) fn lie_down(&self) -> bool {
        self.replace(AWAKE, ASLEEP).is_ok()
    }

    /// Notes that the loop is awake. Returns true if another thread has put something in.
    pub(super) fn rise(&self) -> bool {
        self.replace(ASLEEP, AWAKE) == Err(CALLED)
    }

    /// Returns true if another thread has put something in since the loop last emptied the inbox.
    #[inline]
    pub(super) fn is_called(&self) -> bool {
        self.state.load(Ordering::Relaxed) == CALLED
    }

    /// Notes that the loop is going to empty the inbox.
    pub(super) fn answer(&self) {
        // A thread that puts something in from now on calls again.
        let _ = self.replace(CALLED, AWAKE);
    }

    /// Replaces one state by another. If the present state is a third one, it stays and is the error.
    #[inline]
    fn replace(&self, state: u8, by: u8) -> Result<u8, u8> {
        self.state.compare_exchange(state, by, Ordering::AcqRel, Ordering::Acquire)
    }
}

/// Wakes a loop that sleeps, or a foreign loop that sleeps on its descriptor, for work that is not in
/// the inbox. A bell stays in the thread of the runtime.
pub(in crate::event_loop) struct Bell<W> {
    waker: Arc<LoopWaker<W>>,
    stays: PhantomData<Rc<()>>,
}

impl<W: Wake> Bell<W> {
    pub(in crate::event_loop) fn new(waker: Arc<LoopWaker<W>>) -> Self {
        Self { waker, stays: PhantomData }
    }

    /// Wakes the loop if it sleeps. If the loop is awake, this costs one load.
    pub(in crate::event_loop) fn ring(&self) {
        if self.loop_sleeps() && self.waker.replace(ASLEEP, AWAKE).is_ok() {
            self.waker.wake();
        }
    }

    /// Returns true if the loop sleeps and nothing has woken it.
    ///
    /// Only this thread notes that the loop sleeps, so this thread never misses the note.
    #[inline]
    pub(in crate::event_loop) fn loop_sleeps(&self) -> bool {
        self.waker.state.load(Ordering::Relaxed) == ASLEEP
    }
}
