//! A runtime that another loop drives: what this loop waits for, and how it learns to end.
//!
//! The descriptor is readable when there is something to do, also if it was begun outside a pass. So
//! a loop that sleeps on the descriptor, and no longer than up to the deadline, misses nothing.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{self, Poll};
use std::time::{Duration, Instant};

use super::runtime::Runtime;
use crate::Error;

/// For a program that has a loop already: that of a windowing system, of glib, of an `async` runtime.
impl Runtime {
    /// Returns when the loop wants its next pass: now if there is something to do, otherwise when
    /// the next timer is due. Returns `None` if only the kernel or another thread can bring
    /// something.
    ///
    /// For driving the runtime by another loop: watch the descriptor that `as_fd` returns, and
    /// call [`process_events`](Self::process_events) with a timeout of zero when the descriptor is
    /// readable or the deadline has come on the runtime's clock, which [`now`](crate::World::now) returns.
    /// Ask for the deadline again after each pass. A call between two passes that makes it earlier makes
    /// the descriptor readable.
    #[doc(alias = "hasPendingEvents")]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.has_work() { Some(self.now()) } else { self.timers().next_deadline() }
    }

    /// Takes the request to end the loop. Returns the exit code of the last [`quit`](crate::World::quit)
    /// or [`exit`](crate::World::exit), or `None` if there is no request.
    ///
    /// For a loop that drives the runtime by [`process_events`](Self::process_events) and goes on
    /// afterwards, or drives the runtime again later. [`quit_requested`](crate::World::quit_requested)
    /// returns the request and leaves it there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// rt.single_shot_fn(Duration::from_secs(5), |world| world.exit(7));
    /// let code = loop {
    ///     // Here another loop would look at its own events.
    ///     rt.process_events(None)?;
    ///     if let Some(code) = rt.take_quit_request() {
    ///         break code;
    ///     }
    /// };
    /// assert_eq!(code, 7);
    /// assert_eq!(rt.quit_requested(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_quit_request(&mut self) -> Option<i32> {
        self.quit_request().take()
    }

    /// Makes one pass without waiting, for a future that drives the runtime. Returns the exit code
    /// if the pass, or something before it, has asked for the end of the loop.
    ///
    /// If the pass leaves something undone, because of its [allowance](crate::Allowance), it wakes the
    /// task, which is polled again after other tasks of its executor. Otherwise the task has to be
    /// polled again when the descriptor is readable or the [deadline](Self::next_deadline) has come,
    /// which the executor looks after: `tokio::io::unix::AsyncFd` and `tokio::time`, for example. The
    /// folder `examples/loops` has a program for each of five loops.
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let mut task = Context::from_waker(Waker::noop());
    /// assert!(rt.poll_turn(&mut task).is_pending());
    /// rt.post(|world| world.exit(7));
    /// assert!(matches!(rt.poll_turn(&mut task), Poll::Ready(Ok(7))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the kernel's poller fails.
    pub fn poll_turn(&mut self, task: &mut task::Context<'_>) -> Poll<Result<i32, Error>> {
        self.process_events(Some(Duration::ZERO))?;
        if let Some(code) = self.take_quit_request() {
            return Poll::Ready(Ok(code));
        }
        if self.has_work() {
            task.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// Returns the poller's descriptor, which is readable when the loop has something to do. Another
/// loop can watch it.
impl AsFd for Runtime {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller().as_fd()
    }
}

impl AsRawFd for Runtime {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
