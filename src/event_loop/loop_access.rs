//! What the loop adds to a world, and so to every context: the clock, ending the loop, and other
//! threads.
//!
//! `single_shot.rs` has single shots.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::home::{LoopParts, Parts};
use super::threads::{PostError, Remote};
use crate::object::{Connection, Obj, QObject, Signal, Slot, Target, World};
use crate::sync::{AtomicBool, Ordering};

/// The clock.
impl World {
    /// Returns the time on the runtime's [clock](crate::Clock), which timers and time-outs go by
    /// too. A virtual clock, or the clock of a simulated network, stands still while slots run.
    ///
    /// Use this instead of [`Instant::now`], so that a test decides how fast the time passes.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use slotwire::prelude::*;
    /// use slotwire::VirtualClock;
    ///
    /// /// A task with a deadline, which measures how long it takes.
    /// #[derive(QObject)]
    /// struct Task {
    ///     began: Instant,
    ///     deadline: Instant,
    /// }
    ///
    /// impl Task {
    ///     fn new(cx: &mut Context<Self>) -> Self {
    ///         let now = cx.now();
    ///         Self { began: now, deadline: now + Duration::from_secs(10) }
    ///     }
    ///
    ///     /// What `elapsed` of a `QElapsedTimer` returns.
    ///     fn elapsed(&self, world: &World) -> Duration {
    ///         world.now() - self.began
    ///     }
    ///
    ///     /// What `remainingTime` of a `QDeadlineTimer` returns: zero if it has expired.
    ///     fn remaining(&self, world: &World) -> Duration {
    ///         self.deadline.saturating_duration_since(world.now())
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let clock = VirtualClock::new();
    /// let mut rt = Runtime::with_clock(clock.clone())?;
    /// let task = rt.add_with(Task::new);
    /// clock.advance(Duration::from_secs(4));
    /// assert_eq!(rt[task].elapsed(&rt), Duration::from_secs(4));
    /// assert_eq!(rt[task].remaining(&rt), Duration::from_secs(6));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "QElapsedTimer")]
    #[doc(alias = "QDeadlineTimer")]
    pub fn now(&self) -> Instant {
        LoopParts::of(self).timers.now()
    }

    /// Returns the date on the runtime's [clock](crate::Clock), by which certificates are valid or
    /// not. On a virtual clock and on a simulated network it is the same in each run.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use slotwire::prelude::*;
    /// use slotwire::VirtualClock;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// let rt = Runtime::with_clock(VirtualClock::starting_at(date))?;
    /// assert_eq!(rt.system_time(), date);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "currentDateTime")]
    pub fn system_time(&self) -> SystemTime {
        LoopParts::of(self).timers.system_time()
    }
}

/// Ending the loop.
impl World {
    /// Asks the loop to end with exit code 0: [`exit`](Self::exit).
    pub fn quit(&mut self) {
        self.exit(0);
    }

    /// Asks the loop to end: [`Runtime::exec`](crate::Runtime::exec) returns this exit code after
    /// the current pass. If there are several calls, the last one counts.
    ///
    /// While `exec` does not run, the request is for the loop that drives the runtime, which reads
    /// it by [`quit_requested`](Self::quit_requested). The request holds until one of these:
    ///
    /// - `exec` begins, which drops it, as in Qt;
    /// - [`Runtime::take_quit_request`](crate::Runtime::take_quit_request) takes it.
    ///
    /// If a panic or an error ends `exec` before it obeys, the request is kept for the next `exec`.
    pub fn exit(&mut self, code: i32) {
        LoopParts::of(self).quit_request.set(code);
    }

    /// Returns the exit code of the last [`quit`](Self::quit) or [`exit`](Self::exit), or `None` if
    /// there is no request to end the loop.
    ///
    /// A loop that drives the runtime by [`process_events`](crate::Runtime::process_events) calls
    /// this after each pass.
    pub fn quit_requested(&self) -> Option<i32> {
        LoopParts::of(self).quit_request.code()
    }
}

/// Other threads.
impl World {
    /// Returns a handle by which other threads can call into this runtime.
    pub fn remote(&self) -> Remote {
        LoopParts::of(self).remote.clone()
    }

    /// Connects a signal to a slot of an object in another thread's runtime.
    ///
    /// Delivery is always queued: each emission is posted to `remote`, in order, and the slot runs
    /// in the loop of that runtime. The connection ends when the sender is destroyed, and at an
    /// emission that finds the receiver or its runtime gone. An emission beyond the
    /// [limit](Remote::with_limit) of `remote` does not reach the receiver, and the connection
    /// stays; if every emission counts, use a remote without a limit.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::QThread;
    ///
    /// # #[derive(QObject, Default)]
    /// # struct Source { #[signal] value: Signal<i32> }
    /// # #[derive(QObject, Default)]
    /// # struct Sum {}
    /// #[slots]
    /// impl Sum {
    ///     #[slot]
    ///     fn finish(&mut self, cx: &mut Context<Self>, value: i32) {
    ///         cx.exit(value);
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let source = rt.add(Source::default());
    /// let worker = rt.add(QThread::new("worker"));
    ///
    /// let (remote, sum) = rt[worker].start(|rt| (rt.remote(), rt.add(Sum::default())))?;
    ///
    /// rt.connect_remote(source, Source::value, &remote, sum, Sum::finish);
    /// rt.emit(source, Source::value, 42);
    /// rt.wait_for_thread(worker, None);
    /// assert_eq!(rt[worker].result(), Some(Ok(42)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the sender's handle is of another runtime.
    #[doc(alias = "QueuedConnection")]
    #[track_caller]
    pub fn connect_remote<S, A, R, F, Form>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        remote: &Remote,
        receiver: Obj<R>,
        slot: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + Send + 'static,
        R: QObject,
        F: Slot<R, A, Form> + Copy + Send,
        Form: 'static,
    {
        let remote = remote.clone();
        let gone = Arc::new(AtomicBool::new(false));
        let own = Rc::new(OnceCell::<Connection>::new());
        let connection = self.connect_fn(sender, signal, {
            let own = own.clone();
            move |_, argument: &A| {
                let (argument, flag) = (argument.clone(), gone.clone());
                let posted = remote.post(move |world| {
                    if !world.call_slot(receiver, slot, &argument) {
                        flag.store(true, Ordering::Relaxed);
                    }
                });
                let is_over = posted == Err(PostError::RuntimeGone);
                if is_over || gone.load(Ordering::Relaxed) {
                    own.get().map(Connection::disconnect);
                }
            }
        });
        own.get_or_init(|| connection).clone()
    }
}
