//! Single shots: calls that are made once, after a delay.
//!
//! Keeps one promise: a call that was cancelled, or whose receiver is gone, is not made, and what
//! it captured is dropped at once. `timers.rs` knows when a call is due.

use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::home::{LoopParts, Parts};
use super::timing::Alarm;
use super::timing::TimerKey;
use crate::object::{Context, Dependent, Obj, Outcome, QObject, Slot, World};

/// A handle to a call that is made once, after a delay: cancels the call, or asks if it is still to
/// be made.
///
/// Dropping the handle changes nothing: the call is made nevertheless. A clone is a handle to the
/// same call.
///
/// ```
/// use std::time::Duration;
/// use slotwire::prelude::*;
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
/// let time_out = rt.single_shot_fn(Duration::from_secs(30), |_| panic!("no answer"));
/// // The answer is there.
/// assert!(time_out.cancel());
/// assert!(!time_out.is_active());
/// assert_eq!(rt.next_deadline(), None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SingleShot {
    parts: Weak<LoopParts>,
    timer: TimerKey,
}

impl SingleShot {
    /// Returns the handle of a call that is never made, because its receiver is gone.
    fn refused() -> Self {
        Self { parts: Weak::new(), timer: TimerKey::default() }
    }

    /// Returns true if the call is still to be made. Returns false while the call is being made.
    pub fn is_active(&self) -> bool {
        self.parts.upgrade().is_some_and(|parts| parts.timers.is_armed(self.timer))
    }

    /// Cancels the call. Returns true if the call was still to be made.
    ///
    /// What the closure captured is dropped at once.
    pub fn cancel(&self) -> bool {
        self.parts.upgrade().is_some_and(|parts| parts.timers.disarm(self.timer))
    }
}

/// A call that is cancelled when its receiver is destroyed.
impl Dependent for SingleShot {
    fn is_over(&self) -> bool {
        !self.is_active()
    }

    fn end(&self) {
        self.cancel();
    }
}

impl fmt::Debug for SingleShot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleShot").field("is_active", &self.is_active()).finish()
    }
}

/// Calls after a delay.
impl World {
    /// Calls a slot once, after a delay. The call is cancelled if the receiver is destroyed before,
    /// and is never made if the receiver is gone already; [`on_undelivered`](Self::on_undelivered)
    /// tells of it then.
    ///
    /// If the delay is zero, the call is posted: a later pass of the loop makes it, in order with
    /// other posted calls.
    ///
    /// # Panics
    ///
    /// Panics if the receiver's handle is of another runtime.
    #[doc(alias = "singleShot")]
    #[track_caller]
    pub fn single_shot<R, F, Form>(
        &mut self,
        delay: Duration,
        receiver: Obj<R>,
        slot: F,
    ) -> SingleShot
    where
        R: QObject,
        F: Slot<R, (), Form>,
        Form: 'static,
    {
        self.single_shot_for::<F, R>(delay, receiver, move |world| {
            world.call_slot(receiver, slot, &());
        })
    }

    /// Calls a closure once, after a delay.
    ///
    /// If the delay is zero, the call is posted: a later pass of the loop makes it, in order with
    /// other posted calls.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// rt.single_shot_fn(Duration::from_secs(5), |world| world.exit(7));
    /// assert_eq!(rt.exec()?, 7);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "singleShot")]
    pub fn single_shot_fn(
        &mut self,
        delay: Duration,
        call: impl FnOnce(&mut Self) + 'static,
    ) -> SingleShot {
        let (parts, alarm) = (LoopParts::of(self), Alarm::Call(self.keep_call(call)));
        let handle = |timer| SingleShot { parts: Rc::downgrade(&parts), timer };
        if !delay.is_zero() {
            return handle(parts.timers.arm_after(delay, alarm));
        }
        let timer = parts.timers.keep(alarm);
        let shot = handle(timer);
        self.post(move |world| {
            if let Some(call) = LoopParts::of(world).timers.take_call(timer) {
                call.make(world);
            }
        });
        shot
    }

    /// Calls a closure once with a receiver, after a delay. The call is cancelled if the receiver
    /// is destroyed before, and is never made if the receiver is gone already.
    ///
    /// If the delay is zero, the call is posted: a later pass of the loop makes it, in order with
    /// other posted calls. The closure counts as a slot of the receiver: a panic in it destroys the
    /// receiver, and an error that it returns goes to [`on_slot_error`](Self::on_slot_error).
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::SingleShot;
    /// use slotwire::prelude::*;
    ///
    /// #[derive(QObject, Default)]
    /// struct Request {
    ///     time_out: Option<SingleShot>,
    ///     has_failed: bool,
    /// }
    ///
    /// impl Request {
    ///     fn send(&mut self, cx: &mut Context<Self>) {
    ///         let delay = Duration::from_secs(30);
    ///         let time_out = cx.single_shot_fn_on(delay, cx.this(), |request, _cx| {
    ///             request.has_failed = true;
    ///         });
    ///         self.time_out = Some(time_out);
    ///     }
    ///
    ///     fn answer(&mut self) {
    ///         if let Some(time_out) = self.time_out.take() {
    ///             time_out.cancel();
    ///         }
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// let [answered, lost] = [rt.add(Request::default()), rt.add(Request::default())];
    /// for request in [answered, lost] {
    ///     rt.with(request, Request::send);
    /// }
    /// rt[answered].answer();
    /// assert!(rt.run_until(Duration::from_secs(60), |world| world[lost].has_failed)?);
    /// assert!(!rt[answered].has_failed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the receiver's handle is of another runtime.
    #[doc(alias = "singleShot")]
    #[track_caller]
    pub fn single_shot_fn_on<R, F, O>(
        &mut self,
        delay: Duration,
        receiver: Obj<R>,
        closure: F,
    ) -> SingleShot
    where
        R: QObject,
        F: FnOnce(&mut R, &mut Context<'_, R>) -> O + 'static,
        O: Outcome + 'static,
    {
        self.single_shot_for::<F, R>(delay, receiver, move |world| {
            world.call_closure(receiver, closure);
        })
    }

    /// Makes a call of an `F` that is cancelled if the receiver is destroyed before.
    #[track_caller]
    fn single_shot_for<F, R: QObject>(
        &mut self,
        delay: Duration,
        receiver: Obj<R>,
        call: impl FnOnce(&mut Self) + 'static,
    ) -> SingleShot {
        self.expect_own(receiver);
        if !self.contains(receiver) {
            self.refuse_call::<F, R>(receiver);
            return SingleShot::refused();
        }
        let call = self.single_shot_fn(delay, call);
        self.add_dependent(receiver, call.clone());
        call
    }
}

impl<T: QObject> Context<'_, T> {
    /// Calls a slot once, after a delay: [`World::single_shot`].
    ///
    /// `cx.this()` can be an argument here, which the borrow checker refuses for the method of the
    /// world.
    #[doc(alias = "singleShot")]
    #[track_caller]
    pub fn single_shot<R, F, Form>(
        &mut self,
        delay: Duration,
        receiver: Obj<R>,
        slot: F,
    ) -> SingleShot
    where
        R: QObject,
        F: Slot<R, (), Form>,
        Form: 'static,
    {
        let world: &mut World = self;
        world.single_shot(delay, receiver, slot)
    }

    /// Calls a closure once with a receiver, after a delay: [`World::single_shot_fn_on`].
    ///
    /// `cx.this()` can be an argument here, which the borrow checker refuses for the method of the
    /// world.
    #[doc(alias = "singleShot")]
    #[track_caller]
    pub fn single_shot_fn_on<R, F, O>(
        &mut self,
        delay: Duration,
        receiver: Obj<R>,
        closure: F,
    ) -> SingleShot
    where
        R: QObject,
        F: FnOnce(&mut R, &mut Context<'_, R>) -> O + 'static,
        O: Outcome + 'static,
    {
        let world: &mut World = self;
        world.single_shot_fn_on(delay, receiver, closure)
    }
}
