//! `Sleep`: waiting for a moment on the runtime's clock.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::event_loop::{LoopParts, TimerKey};

/// Waits until a moment on the runtime's clock. Created by
/// [`TaskContext::sleep`](crate::TaskContext::sleep) and
/// [`sleep_until`](crate::TaskContext::sleep_until).
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sleep {
    parts: Rc<LoopParts>,
    deadline: Instant,
    armed: Option<(TimerKey, Waker)>,
}

impl Sleep {
    pub(super) fn until(parts: Rc<LoopParts>, deadline: Instant) -> Self {
        Self { parts, deadline, armed: None }
    }

    /// Returns the moment at which the sleep ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    fn disarm(&mut self) {
        if let Some((timer, _)) = self.armed.take() {
            self.parts.timers.disarm(timer);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.parts.timers.now() >= self.deadline {
            self.disarm();
            return Poll::Ready(());
        }
        let wakes_this = |(_, waker): &(TimerKey, Waker)| waker.will_wake(cx.waker());
        if !self.armed.as_ref().is_some_and(wakes_this) {
            self.disarm();
            let (waker, LoopParts { timers, wakeups, .. }) = (cx.waker().clone(), &*self.parts);
            let call = wakeups.keep_call(move |_| waker.wake());
            let timer = timers.arm_call(self.deadline, call);
            self.armed = Some((timer, cx.waker().clone()));
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// Lets everything else in the loop have its turn. Created by
/// [`TaskContext::yield_now`](crate::TaskContext::yield_now).
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug, Default)]
pub struct YieldNow {
    has_yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
