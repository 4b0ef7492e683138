//! The runtime: a world and the loop that drives it.
//!
//! A pass of the loop delivers what was recorded, makes the posted calls, wakes the objects that
//! have postponed work, asks the kernel what is ready, and wakes the objects whose sources are
//! ready or whose timers are due. All of this goes by [`Runtime::work_off`]: the loop takes the
//! items of a queue one by one, each in a turn of its own, so a panic in a slot affects no other
//! item.
//!
//! `allowance.rs` says how much of each kind is done in a pass. While a turn is put aside, whatever
//! else comes from its origin waits, or it would overtake the turn: the world knows which origins
//! are held up, and the queues keep what comes from them.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mio::Waker;

use super::clock::{Clock, SystemClock};
use super::home::LoopParts;
use super::pass_meter::PassMeter;
use super::quit_request::QuitRequest;
use super::sources::Reactor;
use super::sources::ReadyList;
use super::sources::{EVENTS, KernelPoller, Polled, Poller};
use super::tasks::Tasks;
use super::threads::Mailbox;
use super::threads::{Remote, RemoteCalls};
use super::timing::{Due, Timers};
use crate::Error;
use crate::object::{Occasion, Origin, RuntimeTag, Trace, World};

/// One thread's objects and the event loop that drives them.
///
/// A runtime dereferences to [`World`], which adds, finds, connects and destroys objects. What only
/// a runtime has is what must not happen in the middle of a slot: running the loop, delivering,
/// waiting. A slot gets a [`Context`](crate::Context), which has none of these.
///
/// A runtime belongs to its thread, which the compiler checks. Other threads reach it through a
/// [`Remote`](crate::Remote).
///
/// ```compile_fail,E0277
/// let rt = slotwire::Runtime::new().unwrap();
/// std::thread::spawn(move || rt.len());
/// ```
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct Greeter {
///     #[signal]
///     greeted: Signal<String>,
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let greeter = rt.add(Greeter::default());
/// rt.connect_fn(greeter, Greeter::greeted, |world, whom| {
///     assert_eq!(whom, "world");
///     world.exit(3);
/// });
/// rt[greeter].greeted.emit("world".to_owned());
/// assert_eq!(rt.exec()?, 3);
/// # Ok(())
/// # }
/// ```
///
/// # Panics in slots
///
/// A panic in a slot skips the rest of that one emission, and propagates out of the call that ran
/// the loop. The runtime stays intact: the next call to it, for example of [`exec`](Self::exec),
/// destroys the object of the slot and delivers everything that was pending.
///
/// ```
/// use std::panic::{AssertUnwindSafe, catch_unwind};
/// use std::time::Duration;
///
/// use slotwire::prelude::*;
///
/// #[derive(QObject)]
/// struct Worker {}
///
/// #[slots]
/// impl Worker {
///     #[slot]
///     fn fail(&mut self) {
///         panic!("a bug");
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let worker = rt.add(Worker {});
/// rt.single_shot(Duration::ZERO, worker, Worker::fail);
/// rt.single_shot_fn(Duration::ZERO, |world| world.exit(3));
///
/// assert!(catch_unwind(AssertUnwindSafe(|| rt.exec())).is_err());
/// assert_eq!(rt.exec()?, 3);
/// assert!(!rt.contains(worker));
/// # Ok(())
/// # }
/// ```
#[doc(alias = "QCoreApplication")]
#[doc(alias = "QEventLoop")]
pub struct Runtime {
    world: World,
    /// The tag of this runtime's own world.
    tag: RuntimeTag,
    poller: Box<dyn Poller>,
    ready: ReadyList,
    /// What the objects share of the loop. The world keeps it too.
    parts: Rc<LoopParts>,
    mailbox: Mailbox<RemoteCalls, Waker>,
    clock: Rc<dyn Clock>,
    meter: Rc<PassMeter>,
}

impl Runtime {
    /// Creates a runtime with the system's clock.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no poller, in most cases because of a limit on descriptors: a
    /// runtime takes three.
    pub fn new() -> Result<Self, Error> {
        Self::with_clock(SystemClock)
    }

    /// Creates a runtime with another clock, in most cases a [`VirtualClock`](crate::VirtualClock)
    /// for tests.
    ///
    /// # Errors
    ///
    /// Fails as [`new`](Self::new) does.
    pub fn with_clock(clock: impl Clock + 'static) -> Result<Self, Error> {
        Self::with_poller(Rc::new(clock), |kernel, _| Box::new(kernel))
    }

    /// Creates a runtime with another clock, and with the poller that `poller` makes from the
    /// kernel's poller and the loop's parts.
    pub(crate) fn with_poller(
        clock: Rc<dyn Clock>,
        poller: impl FnOnce(KernelPoller, &Rc<LoopParts>) -> Box<dyn Poller>,
    ) -> Result<Self, Error> {
        let kernel = KernelPoller::new().map_err(Error::Poller)?;
        let mailbox = Mailbox::new(kernel.waker().map_err(Error::Poller)?);
        let mut world = World::new();
        let bell = mailbox.bell();
        world.set_bell(Box::new(move || bell.ring()));
        let remote = Remote::of(&mailbox);
        let parts = Rc::new(LoopParts {
            wakeups: world.wakeups(),
            tasks: Tasks::new(world.wakeups(), remote.clone()),
            timers: Timers::new(clock.clone(), mailbox.bell()),
            reactor: Rc::new(Reactor::new(kernel.registry().map_err(Error::Poller)?)),
            remote,
            quit_request: QuitRequest::default(),
        });
        world.keep(parts.clone());
        let poller = poller(kernel, &parts);
        let (ready, meter) = (ReadyList::default(), PassMeter::new(clock.clone()));
        world.set_meter(meter.clone());
        let tag = world.tag();
        Ok(Self { world, tag, poller, ready, parts, mailbox, clock, meter })
    }

    /// Runs the loop until a slot calls [`quit`](World::quit) or [`exit`](World::exit), and for at
    /// least one pass. Returns the exit code.
    ///
    /// A request to quit that was made before `exec` is dropped, as in Qt, with two exceptions: a
    /// request that was made in an `exec` that a panic or an error has ended, and one by another
    /// thread, from a [`Remote`](crate::Remote) or a [`QThread`](crate::QThread), that the loop has
    /// not reached yet.
    ///
    /// # Errors
    ///
    /// Fails if the kernel's poller fails.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    pub fn exec(&mut self) -> Result<i32, Error> {
        /// Keeps a request to quit for the next `exec`, unless this one obeys.
        struct Running(Rc<LoopParts>);

        impl Drop for Running {
            fn drop(&mut self) {
                self.0.quit_request.keep();
            }
        }

        let running = Running(self.parts.clone());
        let quit_request = &running.0.quit_request;
        quit_request.begin();
        let shift = Shift::begin(self);
        loop {
            let timeout = quit_request.code().map(|_| Duration::ZERO);
            shift.runtime.pass(timeout)?;
            if let Some(code) = quit_request.take() {
                return Ok(code);
            }
        }
    }

    /// Makes one pass of the loop: waits up to `timeout` for something to do (for ever if `None`),
    /// and does it. Returns true if there was anything to do.
    ///
    /// The pass does as much as its [allowance](crate::Allowance) permits; the rest waits for the
    /// next pass and keeps its order. A call that another thread posts while the pass waits ends
    /// the wait. The pass makes that call too, unless the calls before it use up the allowance.
    ///
    /// This does not return early if a slot calls [`quit`](World::quit): the caller checks
    /// [`quit_requested`](World::quit_requested).
    ///
    /// # Errors
    ///
    /// Fails if the kernel's poller fails.
    #[doc(alias = "processEvents")]
    pub fn process_events(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        Shift::begin(self).runtime.pass(timeout)
    }

    /// Runs the loop until `condition` holds or `timeout` has passed. Makes at least one pass
    /// unless the condition holds already. Returns true if the condition holds.
    ///
    /// This does not return early if a slot calls [`quit`](World::quit), but the condition may
    /// check [`quit_requested`](World::quit_requested).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use slotwire::prelude::*;
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// let timer = rt.add(slotwire::QTimer::new());
    /// let ticks = rt.spy(timer, slotwire::QTimer::timeout);
    /// rt[timer].start_with(Duration::from_secs(1));
    /// assert!(rt.run_until(Duration::from_secs(60), |_| ticks.len() == 3)?);
    /// assert!(!rt.run_until(Duration::from_secs(60), |_| false)?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the kernel's poller fails.
    #[doc(alias = "qWaitFor")]
    pub fn run_until(
        &mut self,
        timeout: Duration,
        mut condition: impl FnMut(&World) -> bool,
    ) -> Result<bool, Error> {
        let deadline = self.parts.timers.after(timeout);
        let mut left = timeout;
        let Shift { runtime } = &mut Shift::begin(self);
        while !condition(&runtime.world) {
            runtime.pass(Some(left))?;
            left = deadline.saturating_duration_since(runtime.clock.now());
            if left.is_zero() {
                return Ok(condition(&runtime.world));
            }
        }
        Ok(true)
    }

    /// Delivers what was recorded outside the loop, in most cases emissions of methods that were
    /// called by indexing, as in `rt[socket].abort()`. Returns true if all of it was delivered.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    #[track_caller]
    pub fn deliver(&mut self) -> bool {
        self.check_world();
        self.world.deliver_recorded()
    }

    /// Writes every emission of this runtime into `trace` from now on, and into no other trace.
    ///
    /// Recording ends with [`Trace::stop`], or when the last clone of the trace is dropped. Only a
    /// runtime has this method, since a trace must see every object and cannot see a busy one. So
    /// recording begins outside slots.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::Trace;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// let timer = rt.add(QTimer::new());
    /// rt[timer].set_single_shot(true);
    /// rt[timer].start();
    /// let trace = Trace::new();
    /// rt.record_into(&trace);
    /// rt.connect_fn(timer, QTimer::timeout, |world, _| world.quit());
    /// rt.exec()?;
    /// rt.destroy(timer);
    /// assert_eq!(
    ///     trace.to_string(),
    ///     "1 QTimer 1v1 timeout()\n2 QTimer 1v1 destroyed(Obj<QObject> 1v1)\n"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_into(&mut self, trace: &Trace) {
        self.record_since(trace, self.clock.now());
    }

    /// Does what [`record_into`](Self::record_into) does, with times that count from `began`.
    pub(crate) fn record_since(&mut self, trace: &Trace, began: Instant) {
        let clock = self.clock.clone();
        let stopwatch = move || clock.now().saturating_duration_since(began);
        self.world.begin_trace(trace, Box::new(stopwatch));
    }

    /// The armed timers, and the clock that they go by.
    pub(crate) fn timers(&self) -> &Timers {
        &self.parts.timers
    }

    pub(super) fn poller(&self) -> &dyn Poller {
        &*self.poller
    }

    /// Where a request to end the loop waits.
    pub(super) fn quit_request(&self) -> &QuitRequest {
        &self.parts.quit_request
    }

    /// Returns true if the next pass has something to do, so that it must not sleep.
    pub(super) fn has_work(&self) -> bool {
        self.has_waiting() || self.has_untold()
    }

    /// Returns true if there may be work for [`catch_up`](Self::catch_up).
    #[inline]
    fn has_waiting(&self) -> bool {
        self.has_own_waiting() || self.mailbox.may_have_more()
    }

    /// Returns the same, except for what other threads have put in.
    #[inline]
    fn has_own_waiting(&self) -> bool {
        self.world.has_work() || self.world.has_postponed()
    }

    /// Returns true if sources are ready whose owners were not woken, or the poller may know of some.
    #[inline]
    fn has_untold(&self) -> bool {
        !self.ready.is_empty() || self.poller.has_more()
    }

    /// Makes one pass of the loop. Returns true if there was anything to do. A pass that sleeps ends
    /// with the work that has ended the sleep.
    #[inline(always)]
    fn pass(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        self.meter.begin_pass();
        let mut any = self.has_waiting() && self.catch_up();
        let mut timeout = if any { Some(Duration::ZERO) } else { timeout };
        let over =
            timeout.filter(|timeout| !timeout.is_zero()).map(|it| self.parts.timers.after(it));
        // Whatever waited is done, or nothing waited, so only the sources are still to be asked for.
        let mut may_sleep = timeout != Some(Duration::ZERO) && !self.has_untold();
        loop {
            let (polled, may_have_calls) = self.wait(timeout, may_sleep)?;
            if may_have_calls {
                any |= self.catch_up();
            }
            any |= (!self.ready.is_empty() && self.tell_ready())
                | self.fire_timers()
                | self.come_to_tasks();
            // A pass that finds the waker alone, or a source that is gone, waits on. The timeout and
            // a signal of the system end the pass, also if there was nothing to do.
            let ends = !matches!(polled, Polled::Woken | Polled::Something);
            if any || ends || timeout == Some(Duration::ZERO) {
                return Ok(any);
            }
            if let Some(over) = over {
                timeout = Some(over.saturating_duration_since(self.clock.now()));
            }
            may_sleep = timeout != Some(Duration::ZERO) && !self.has_work();
        }
    }

    /// Delivers what was recorded, makes the posted calls and wakes the objects that have postponed
    /// work, all from before this pass, as far as the allowance permits. Returns true if there was
    /// anything to do.
    #[inline(never)]
    fn catch_up(&mut self) -> bool {
        let mut any = self.world.has_work();
        if self.world.has_undelivered() {
            let mut kind = self.meter.begin_kind();
            self.world
                .deliver_in_pass(|world| !kind.count(&self.meter, world) || kind.look(&self.meter));
        }
        self.mailbox.collect();
        let has_more = |runtime: &Self| runtime.mailbox.has_taken();
        any |= self.work_off(has_more, |Self { mailbox, world, .. }| {
            let may_call = mailbox.has_taken() && !world.is_held_up(Origin::Remote);
            may_call.then(|| {
                let call_next = |world: &mut World| mailbox.taken().call_next(world);
                world.on_behalf_of(Origin::Remote, |world| world.turn(call_next));
            })
        });
        let mut posted = self.world.posted();
        let has_more = |runtime: &Self| runtime.world.posted() > 0;
        any |= self.work_off(has_more, |Self { world, .. }| {
            let call = world.next_posted(&mut posted)?;
            call.make(world);
            Some(())
        });
        any | self.come_to_postponed()
    }

    /// Works off one kind of work, as far as its share of the allowance permits. `do_next` does the
    /// next thing, and returns `None` if there is none. `has_more` returns false if there is no next
    /// thing: then the clock is not read. Returns true if there was anything to do.
    #[inline(always)]
    fn work_off(
        &mut self,
        has_more: impl Fn(&Self) -> bool,
        mut do_next: impl FnMut(&mut Self) -> Option<()>,
    ) -> bool {
        let mut kind = self.meter.begin_kind();
        let mut any = false;
        while let Some(()) = do_next(self) {
            any = true;
            if kind.count(&self.meter, &mut self.world) {
                if !has_more(self) || !kind.look(&self.meter) {
                    break;
                }
                self.parts.timers.time_passed();
            }
        }
        any
    }

    /// Asks the poller which sources are ready. If it may sleep, it sleeps until a source is ready, a
    /// timer is due, another thread posts a call, or the timeout has passed. Returns how that ended,
    /// and whether another thread may have posted a call.
    #[inline]
    fn wait(
        &mut self,
        timeout: Option<Duration>,
        may_sleep: bool,
    ) -> Result<(Polled, bool), Error> {
        if self.ready.len() >= EVENTS {
            // The sources of an earlier pass come first, so that the list does not grow.
            return Ok((Polled::Something, false));
        }
        let timeout = match (may_sleep, timeout) {
            (false, _) => Some(Duration::ZERO),
            (true, timeout) => match (timeout, self.parts.timers.until_due()) {
                (Some(timeout), Some(until_due)) => Some(timeout.min(until_due)),
                (timeout, until_due) => timeout.or(until_due),
            },
        };
        let would_sleep = timeout != Some(Duration::ZERO);
        if would_sleep && self.mailbox.fall_asleep() {
            self.world.set_loop_is_awake(false);
            let polled = self.poll(timeout);
            self.world.set_loop_is_awake(true);
            let may_have_calls = self.mailbox.wake_up();
            // The time of the sleep does not count.
            self.meter.begin_pass();
            Ok((polled?, may_have_calls))
        } else {
            // No time passes, so the clock has no say.
            let polled = self.poller.poll(Some(Duration::ZERO), self.ready.arrivals());
            Ok((polled.map_err(Error::Poll)?, would_sleep))
        }
    }

    #[inline]
    fn poll(&mut self, timeout: Option<Duration>) -> Result<Polled, Error> {
        let polled = self.poller.poll(self.clock.sleep(timeout), self.ready.arrivals());
        let polled = polled.map_err(Error::Poll)?;
        if let (Some(timeout), Polled::Nothing) = (timeout, polled) {
            self.clock.waited(timeout);
        }
        Ok(polled)
    }

    /// Wakes the owners of the sources that are ready. Owners that are held up are woken later.
    /// Returns true if an owner was woken, or is to be woken later.
    #[inline(never)]
    fn tell_ready(&mut self) -> bool {
        let Self { ready, parts, world, .. } = self;
        ready.release(|source| {
            parts.reactor.owner(source).is_some_and(|owner| world.is_object_held_up(owner))
        });
        let has_more = |runtime: &Self| runtime.ready.has_next();
        let any = self.work_off(has_more, |Self { ready, parts, world, .. }| {
            loop {
                let (source, readiness) = ready.next()?;
                let Some(owner) = parts.reactor.owner(source) else { continue };
                if world.is_object_held_up(owner) {
                    ready.hold_up(source, readiness);
                    continue;
                }
                world.wake(owner, Occasion::Ready(source, readiness));
                return Some(());
            }
        });
        any || !self.ready.is_empty()
    }

    /// Fires the timers that are due now. Timers that are started meanwhile wait for the next pass,
    /// and timers whose object is held up wait for the object. Returns true if a timer was fired.
    #[inline]
    fn fire_timers(&mut self) -> bool {
        self.parts.timers.begin_pass() && self.fire_due()
    }

    #[inline(never)]
    fn fire_due(&mut self) -> bool {
        let has_more = |runtime: &Self| runtime.parts.timers.has_due();
        self.work_off(has_more, |Self { parts, world, .. }| {
            match parts.timers.next_due(|key| world.is_object_held_up(key))? {
                Due::Wake(object) => world.wake(object, Occasion::Due),
                Due::Call(timer) => {
                    if let Some(call) = parts.timers.take_call(timer) {
                        world.turn(|world| call.make(world));
                    }
                }
            }
            Some(())
        })
    }

    /// Wakes the objects that have postponed work. Objects that postpone work meanwhile wait. Returns
    /// true if there were any objects.
    #[inline]
    fn come_to_postponed(&mut self) -> bool {
        self.world.has_postponed() && self.wake_postponed()
    }

    #[inline(never)]
    fn wake_postponed(&mut self) -> bool {
        self.world.collect_postponed();
        self.parts.tasks.call_loop_again();
        let has_more = |runtime: &Self| runtime.world.has_collected_postponed();
        self.work_off(has_more, |Self { world, .. }| world.wake_next_postponed());
        true
    }

    /// Polls the tasks that were woken, and then wakes the objects that have postponed work: so what
    /// a task has written is sent at once. Returns true if there was anything to do.
    ///
    /// A task that is woken postpones work of nobody, so a program without tasks pays nothing here.
    #[inline]
    fn come_to_tasks(&mut self) -> bool {
        self.world.has_postponed() && self.poll_tasks_and_wake_postponed()
    }

    #[inline(never)]
    fn poll_tasks_and_wake_postponed(&mut self) -> bool {
        if self.parts.tasks.has_work() {
            self.parts.tasks.begin_round();
            let has_more = |runtime: &Self| runtime.parts.tasks.has_work();
            self.work_off(has_more, |Self { parts, world, .. }| parts.tasks.do_next(world));
            self.parts.tasks.end_round();
        }
        self.wake_postponed()
    }

    /// Panics if this runtime's world is not its own.
    #[inline]
    fn check_world(&self) {
        if self.world.tag() != self.tag {
            refuse_swapped();
        }
    }
}

/// Panics with the message for a runtime that has the world of another one.
#[cold]
fn refuse_swapped() -> ! {
    panic!(
        "this runtime has the world of another runtime: somebody has swapped them, as \
         `std::mem::swap(&mut *rt, &mut *other)` does; swap the runtimes themselves"
    )
}

/// The time in which a runtime looks after its work by itself. From the end of it, a panic's
/// included, somebody else's loop may sleep on the descriptor.
struct Shift<'a> {
    runtime: &'a mut Runtime,
}

impl<'a> Shift<'a> {
    fn begin(runtime: &'a mut Runtime) -> Self {
        runtime.check_world();
        runtime.mailbox.wake_up();
        runtime.world.begin_passes();
        Self { runtime }
    }
}

impl Drop for Shift<'_> {
    fn drop(&mut self) {
        let Self { runtime } = self;
        runtime.world.end_passes();
        // Another thread that puts something in from now on rings by itself.
        let may_sleep = runtime.mailbox.fall_asleep();
        if !may_sleep || runtime.has_own_waiting() || runtime.has_untold() {
            runtime.mailbox.ring();
        }
    }
}

/// Drops the tasks and the calls of single shots before the objects, also if somebody still holds
/// the runtime's parts.
impl Drop for Runtime {
    fn drop(&mut self) {
        /// The timers, which are cleared also if the destructor of a task panics.
        struct Rest<'a>(&'a LoopParts);

        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                self.0.timers.clear();
            }
        }

        let rest = Rest(&self.parts);
        rest.0.tasks.close();
    }
}

impl Deref for Runtime {
    type Target = World;

    #[inline]
    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Runtime {
    #[inline]
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("world", &self.world)
            .field("reactor", &self.parts.reactor)
            .finish_non_exhaustive()
    }
}
