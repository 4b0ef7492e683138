//! Waking a loop that sleeps.
//!
//! Keeps two promises. A loop that sleeps is woken for what was put somewhere before, by a system
//! call that is made only if the loop sleeps and nobody else has woken it. And a loop that is awake
//! learns from a flag, without a lock, that another thread has put something in. Other threads wake
//! the loop for what they put into its inbox (`inbox.rs`); its own thread rings a [`Bell`]. The
//! tests of `inbox.rs` try every order in which threads can take their steps.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use mio::Waker;

use crate::sync::{AtomicU8, Ordering};

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

/// The loop is awake, and no other thread has put anything in since the loop last looked.
const AWAKE: u8 = 0;

/// The loop sleeps, or somebody else's loop sleeps on its descriptor.
const ASLEEP: u8 = 1;

/// Another thread has put something in. If the loop slept, it has been woken.
const CALLED: u8 = 2;

/// The state of a loop as other threads see it, and what wakes the loop.
///
/// Every write reads the state in the same step. So the threads that write come one after the
/// other, and each knows what the one before has done.
pub(in crate::event_loop) struct LoopWaker<W> {
    state: AtomicU8,
    waker: W,
}

impl<W: Wake> LoopWaker<W> {
    /// Makes a waker of a loop that sleeps until [`rise`](Self::rise) is called.
    pub(in crate::event_loop) fn new(waker: W) -> Self {
        Self { state: AtomicU8::new(ASLEEP), waker }
    }

    /// Notes that another thread has put something in, and wakes the loop if it sleeps. The caller
    /// has given up the lock under which it has put the thing in.
    pub(super) fn call(&self) {
        // Where another call is noted already, the loop forgets it before it takes the lock under
        // which it looks, so that it sees this thing as well.
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

    /// Notes that the loop is about to sleep. Returns false if the loop has to look first, since
    /// another thread has put something in.
    pub(super) fn lie_down(&self) -> bool {
        self.replace(AWAKE, ASLEEP).is_ok()
    }

    /// Notes that the loop is awake. Returns true if another thread has put something in.
    pub(super) fn rise(&self) -> bool {
        self.replace(ASLEEP, AWAKE) == Err(CALLED)
    }

    /// Returns true if another thread has put something in since the loop last looked.
    #[inline]
    pub(super) fn is_called(&self) -> bool {
        self.state.load(Ordering::Relaxed) == CALLED
    }

    /// Notes that the loop is about to look at what other threads have put in.
    pub(super) fn answer(&self) {
        // Whoever puts something in from now on calls again.
        let _ = self.replace(CALLED, AWAKE);
    }

    /// Replaces a state by another. Returns the state that there was, as an error if it was
    /// another one and stays.
    #[inline]
    fn replace(&self, state: u8, by: u8) -> Result<u8, u8> {
        self.state.compare_exchange(state, by, Ordering::AcqRel, Ordering::Acquire)
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
        if self.loop_sleeps() && self.waker.replace(ASLEEP, AWAKE).is_ok() {
            self.waker.wake();
        }
    }

    /// Returns true if the loop sleeps and nobody has woken it.
    ///
    /// Only this thread notes that the loop sleeps, so this thread never reads that it is awake by
    /// mistake.
    #[inline]
    pub(in crate::event_loop) fn loop_sleeps(&self) -> bool {
        self.waker.state.load(Ordering::Relaxed) == ASLEEP
    }
}
