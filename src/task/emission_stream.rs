//! `EmissionStream`: all emissions of a signal, as a stream.
//!
//! Keeps two promises. The buffer holds no more than its bound. And no emission is lost without a
//! word: where emissions did not fit, the stream has a [`Missed`] with their number, in their place.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::listener::{Ear, Listener, connect_if_there};
use super::next::SenderGone;
use crate::object::{ConnectionType, Obj, ScopedConnection, Signal, Target, World};

/// The emissions of a signal, from the moment when the stream was made. Created by
/// [`TaskContext::stream`](crate::TaskContext::stream) and [`World::stream`].
///
/// With the feature `futures` it is a `futures_core::Stream`. Dropping the stream ends the
/// connection.
pub struct EmissionStream<A> {
    listener: Rc<Listener<VecDeque<Result<A, Missed>>>>,
    /// Ends with the stream.
    _connection: Option<ScopedConnection>,
    sender: SenderGone,
}

/// Emissions that a stream has dropped, since its buffer was full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} emissions were dropped: they came faster than the task has read its stream")]
pub struct Missed {
    /// How many emissions were dropped.
    pub count: u64,
}

impl World {
    /// Returns a stream of the emissions of a signal, which are kept until a task reads them.
    ///
    /// The signal is connected now, and the arguments are cloned. Up to `capacity` emissions (at least
    /// one) wait in the stream. If it is full, further ones are dropped, and the stream has a
    /// [`Missed`] with their number in their place.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn stream<S, A>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        capacity: usize,
    ) -> EmissionStream<A>
    where
        S: ?Sized + Target,
        A: Clone + 'static,
    {
        let listener = Listener::new(VecDeque::new());
        let ear = Ear::new(&listener);
        let capacity = capacity.max(1);
        let connection = connect_if_there(
            self,
            ConnectionType::DIRECT,
            sender,
            signal,
            move |_, argument: &A| {
                // Cloned first: cloning may read the stream.
                let argument = argument.clone();
                ear.hear(|waiting| keep(waiting, argument, capacity));
            },
        );
        EmissionStream { listener, _connection: connection, sender: SenderGone::new(sender) }
    }
}

/// Keeps an argument, or counts it as missed if there is no room.
fn keep<A>(waiting: &mut VecDeque<Result<A, Missed>>, argument: A, capacity: usize) {
    if waiting.len() < capacity {
        return waiting.push_back(Ok(argument));
    }
    match waiting.back_mut() {
        Some(Err(missed)) => missed.count = missed.count.saturating_add(1),
        _ => waiting.push_back(Err(Missed { count: 1 })),
    }
}

impl<A> EmissionStream<A> {
    /// Returns the next emission. Waits if there is none. Returns `None` if the sender is gone and
    /// all of its emissions were read.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// let timer = rt.add(QTimer::new());
    /// rt[timer].start_with(Duration::from_secs(1));
    /// let mut ticks = rt.stream(timer, QTimer::timeout, 8);
    /// rt.spawn(async move |task| {
    ///     for _ in 0..3 {
    ///         ticks.next().await.expect("the timer is there")?;
    ///     }
    ///     task.with(|world| world.quit());
    ///     Ok::<_, slotwire::task::Missed>(())
    /// });
    /// rt.exec()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Missed`] in the place of emissions that were dropped. The emissions after them can
    /// still be read.
    pub async fn next(&mut self) -> Option<Result<A, Missed>> {
        poll_fn(|cx| self.poll_emission(cx)).await
    }

    fn poll_emission(&self, cx: &Context<'_>) -> Poll<Option<Result<A, Missed>>> {
        if let Some(emission) = self.listener.heard.borrow_mut().pop_front() {
            return Poll::Ready(Some(emission));
        }
        if !self.listener.is_open() {
            return Poll::Ready(None);
        }
        self.listener.wait(cx);
        Poll::Pending
    }
}

#[cfg(feature = "futures")]
#[cfg_attr(docsrs, doc(cfg(feature = "futures")))]
impl<A> futures_core::Stream for EmissionStream<A> {
    type Item = Result<A, Missed>;

    fn poll_next(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_emission(cx)
    }
}

impl<A> fmt::Debug for EmissionStream<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmissionStream")
            .field("sender", &self.sender.sender())
            .field("waiting", &self.listener.heard.borrow().len())
            .finish()
    }
}
