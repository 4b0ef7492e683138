//! Waking a loop that sleeps.
//!
//! Keeps one promise: a loop that sleeps is woken for what was put somewhere before, by a system
//! call that is made only if the loop sleeps and nobody else has woken it. Other threads wake it for
//! what they put into its inbox (`inbox.rs`), its own thread rings a [`Bell`]. The tests of
//! `inbox.rs` try every order in which threads can take their steps.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use mio::Waker;

use crate::sync::{AtomicBool, Ordering};

/// Wakes a loop, whatever it sleeps on.
pub(in crate::event_loop) trait Wake {
    /// Ends the loop's sleep, or its next one if it is awake.
    fn wake(&self);
}

/// The waker of the runtime's poller.
impl Wake for Waker {
    fn wake(&self) {
        // Fails only if the eventfd is full, in which case the loop is awake already.
        let _ = Self::wake(self);
    }
}

/// Whether a loop sleeps, and what wakes it.
pub(in crate::event_loop) struct LoopWaker<W> {
    /// The loop sleeps, or somebody else's loop sleeps on its descriptor.
    asleep: AtomicBool,
    waker: W,
}

impl<W: Wake> LoopWaker<W> {
    /// Makes a waker of a loop that sleeps until it says otherwise.
    pub(in crate::event_loop) fn new(waker: W) -> Self {
        Self { asleep: AtomicBool::new(true), waker }
    }

    /// Wakes the loop if it sleeps and nobody else has woken it.
    pub(super) fn wake_sleeper(&self) {
        if self.set_asleep(false) {
            self.waker.wake();
        }
    }

    /// Wakes the loop, or ends its next sleep.
    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    /// Sets whether the loop sleeps, and returns whether it did before. Never a plain store, so that
    /// all threads that write come one after the other and each knows of the one before.
    pub(super) fn set_asleep(&self, is_asleep: bool) -> bool {
        self.asleep.swap(is_asleep, Ordering::AcqRel)
    }
}

/// Wakes a loop that sleeps, or somebody else's that sleeps on its descriptor, for work that is in no
/// inbox. Stays in the thread of the runtime.
pub(in crate::event_loop) struct Bell<W> {
    waker: Arc<LoopWaker<W>>,
    stays: PhantomData<Rc<()>>,
}

impl<W: Wake> Bell<W> {
    pub(in crate::event_loop) fn new(waker: Arc<LoopWaker<W>>) -> Self {
        Self { waker, stays: PhantomData }
    }

    /// Wakes the loop if it sleeps. Costs a look at a flag if it does not.
    pub(in crate::event_loop) fn ring(&self) {
        if self.loop_sleeps() {
            self.waker.wake_sleeper();
        }
    }

    /// Returns true if the loop sleeps and nobody has woken it.
    ///
    /// Only this thread sets the flag, so this thread never finds it unset by mistake.
    #[inline]
    pub(in crate::event_loop) fn loop_sleeps(&self) -> bool {
        self.waker.asleep.load(Ordering::Relaxed)
    }
}
