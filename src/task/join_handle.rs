//! `JoinHandle`: the output of a task, and ending it.
//!
//! Keeps one promise: whoever awaits a task hears of its end, however it ends. So the output is
//! handed over by a [`Finish`] that the task's future owns: if the future is dropped before, that
//! hands over the reason.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use crate::event_loop::{LoopParts, TaskError, WorldPlace};
use crate::object::{Dependent, TaskKey};

/// A handle to a task: awaits its output, aborts it, or asks if it has ended.
///
/// Dropping the handle changes nothing: the task goes on by itself. Awaiting the handle returns the
/// task's output, or a [`TaskError`] if the task has ended without one.
///
/// ```
/// use slotwire::prelude::*;
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let answer = rt.spawn(async |_| 42);
/// rt.spawn(async move |task| {
///     let code = answer.await.unwrap_or(1);
///     task.with(|world| world.exit(code));
/// });
/// assert_eq!(rt.exec()?, 42);
/// # Ok(())
/// # }
/// ```
#[doc(alias("QFuture", "QFutureWatcher"))]
pub struct JoinHandle<O> {
    state: Rc<JoinState<O>>,
    parts: Weak<LoopParts>,
    task: TaskKey,
}

/// What a task and its handle share.
struct JoinState<O> {
    output: RefCell<Output<O>>,
    waiter: Cell<Option<Waker>>,
}

enum Output<O> {
    Awaited,
    There(Result<O, TaskError>),
    Taken,
}

impl<O> JoinHandle<O> {
    /// Returns a handle to a task that is not spawned, and the end that the task is to have.
    pub(super) fn new(place: Rc<WorldPlace>) -> (Self, Finish<O>) {
        let state =
            Rc::new(JoinState { output: RefCell::new(Output::Awaited), waiter: Cell::new(None) });
        let finish = Finish { state: state.clone(), place };
        (Self { state, parts: Weak::new(), task: TaskKey::default() }, finish)
    }

    /// Takes note that the task was spawned.
    pub(super) fn spawned(&mut self, parts: &Rc<LoopParts>, task: TaskKey) {
        (self.parts, self.task) = (Rc::downgrade(parts), task);
    }

    /// Takes note that the task cannot be spawned.
    pub(super) fn refuse(&self, reason: TaskError) {
        self.state.hand_over(Err(reason));
    }

    /// Ends the task. Returns true if the task had not ended before.
    ///
    /// The loop drops the task when it comes to the tasks: in this pass or in the next, after the
    /// turn that runs. The task is not polled any more. A task may abort itself: it runs up to its
    /// next await.
    #[doc(alias = "cancel")]
    pub fn abort(&self) -> bool {
        self.parts.upgrade().is_some_and(|parts| parts.tasks.end(self.task, TaskError::Aborted))
    }

    /// Returns true if the task has ended: it has returned, has panicked, or was dropped.
    #[doc(alias = "isFinished")]
    pub fn is_finished(&self) -> bool {
        !matches!(*self.state.output.borrow(), Output::Awaited)
    }
}

/// Returns the output of the task, or why there is none.
///
/// # Panics
///
/// Panics if it is polled again after it has returned the output.
impl<O> Future for JoinHandle<O> {
    type Output = Result<O, TaskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut output = self.state.output.borrow_mut();
        match std::mem::replace(&mut *output, Output::Taken) {
            Output::There(there) => Poll::Ready(there),
            Output::Awaited => {
                *output = Output::Awaited;
                self.state.waiter.set(Some(cx.waker().clone()));
                Poll::Pending
            }
            Output::Taken => panic!("a join handle was polled after it had returned the output"),
        }
    }
}

impl<O> JoinState<O> {
    fn hand_over(&self, output: Result<O, TaskError>) {
        *self.output.borrow_mut() = Output::There(output);
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }
}

/// Hands over the output of a task, or the reason why there is none.
pub(super) struct Finish<O> {
    state: Rc<JoinState<O>>,
    place: Rc<WorldPlace>,
}

impl<O> Finish<O> {
    /// Hands over the output. Returns it if there is no handle any more.
    pub(super) fn finish(self, output: O) -> Option<O> {
        if Rc::strong_count(&self.state) == 1 {
            *self.state.output.borrow_mut() = Output::Taken;
            return Some(output);
        }
        self.state.hand_over(Ok(output));
        None
    }
}

impl<O> Drop for Finish<O> {
    fn drop(&mut self) {
        let is_awaited = matches!(*self.state.output.borrow(), Output::Awaited);
        if is_awaited {
            self.state.hand_over(Err(self.place.reason()));
        }
    }
}

/// A task that ends with its owner.
pub(super) struct Owned {
    parts: Weak<LoopParts>,
    task: TaskKey,
}

impl Owned {
    pub(super) fn new(parts: &Rc<LoopParts>, task: TaskKey) -> Self {
        Self { parts: Rc::downgrade(parts), task }
    }
}

impl Dependent for Owned {
    fn is_over(&self) -> bool {
        !self.parts.upgrade().is_some_and(|parts| parts.tasks.is_running(self.task))
    }

    fn end(&self) {
        if let Some(parts) = self.parts.upgrade() {
            parts.tasks.end(self.task, TaskError::OwnerDestroyed);
        }
    }
}

impl<O> fmt::Debug for JoinHandle<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish()
    }
}
