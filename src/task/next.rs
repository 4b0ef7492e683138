//! `Next`: the next emission of a signal, as a future.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::listener::{Ear, Listener, connect_if_there};
use crate::object::{
    ConnectionType, Obj, QObject, ScopedConnection, ShortName, Signal, Target, World,
};

/// The next emission of a signal. Created by [`TaskContext::next`](crate::TaskContext::next) and
/// [`World::next`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Next<A> {
    listener: Rc<Listener<Option<A>>>,
    /// Ends with the future.
    _connection: Option<ScopedConnection>,
    sender: SenderGone,
}

/// The signal that a task awaits is not emitted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signal is not emitted any more: Obj<{class}> {} is gone, or its connections were ended",
    sender.number()
)]
pub struct SenderGone {
    sender: Obj<dyn QObject>,
    class: ShortName,
}

impl SenderGone {
    pub(super) fn new<S: ?Sized + Target>(sender: Obj<S>) -> Self {
        Self { sender: sender.erase(), class: ShortName::of::<S>() }
    }

    /// Returns the handle of the sender, which is stale if the sender is gone.
    pub fn sender(&self) -> Obj<dyn QObject> {
        self.sender
    }
}

impl World {
    /// Returns a future of the next emission of a signal.
    ///
    /// The signal is connected now, and not when the future is polled first: so a program can
    /// connect, then do what makes the object emit, and then await the future in a
    /// [task](Self::spawn). The argument is cloned. Dropping the future ends the connection.
    ///
    /// Awaiting it returns [`SenderGone`] if the sender is destroyed before it emits, or is gone
    /// already.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[doc(alias = "QtFuture")]
    #[track_caller]
    pub fn next<S, A>(&mut self, sender: Obj<S>, signal: fn(&S) -> &Signal<A>) -> Next<A>
    where
        S: ?Sized + Target,
        A: Clone + 'static,
    {
        let listener = Listener::new(None);
        let ear = Ear::new(&listener);
        let hear = move |_: &mut Self, argument: &A| {
            let argument = argument.clone();
            ear.hear(|heard| *heard = Some(argument));
        };
        let kind = ConnectionType::SINGLE_SHOT;
        let connection = connect_if_there(self, kind, sender, signal, hear);
        Next { listener, _connection: connection, sender: SenderGone::new(sender) }
    }
}

impl<A> Future for Next<A> {
    type Output = Result<A, SenderGone>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(argument) = self.listener.heard.borrow_mut().take() {
            return Poll::Ready(Ok(argument));
        }
        if !self.listener.is_open() {
            return Poll::Ready(Err(self.sender));
        }
        self.listener.wait(cx);
        Poll::Pending
    }
}

impl<A> fmt::Debug for Next<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("sender", &self.sender.sender).finish_non_exhaustive()
    }
}
