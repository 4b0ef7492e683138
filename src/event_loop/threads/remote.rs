//! `Remote`: how other threads reach a runtime.
//!
//! Keeps one promise: the calls that a thread posts arrive in order, or the thread gets an error:
//! the runtime is gone, or too many calls wait for it. `inbox.rs` carries the calls and wakes the
//! loop.

use std::fmt;
use std::sync::Arc;

use mio::Waker;

use super::call_queue::CallQueue;
use super::inbox::{Inbox, Mailbox, Refusal};
use crate::object::{Obj, QObject, Signal, Slot, Target, World};

/// Calls that come from other threads.
pub(in crate::event_loop) type RemoteCalls = CallQueue<World>;

/// Posts calls to a runtime, from any thread.
///
/// ```
/// use std::thread;
/// use slotwire::prelude::*;
///
/// # #[derive(QObject, Default)]
/// # struct Counter { value: u32 }
/// #[slots]
/// impl Counter {
///     #[slot]
///     fn add(&mut self, cx: &mut Context<Self>, amount: u32) {
///         self.value += amount;
///         cx.quit();
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
/// let counter = rt.add(Counter::default());
/// let remote = rt.remote();
/// let worker = thread::spawn(move || remote.invoke(counter, Counter::add, 5));
/// rt.exec()?;
/// assert_eq!(rt[counter].value, 5);
/// # worker.join().unwrap()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Remote {
    inbox: Arc<Inbox<RemoteCalls, Waker>>,
    /// How many calls may wait in the inbox; this remote posts another only below that.
    limit: usize,
}

/// Why a [`Remote`] has dropped a call instead of posting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// The runtime behind the remote does not exist any more.
    #[error("the call is dropped: the runtime does not exist any more")]
    RuntimeGone,
    /// As many calls wait for the runtime as the [limit](Remote::with_limit) of this remote allows.
    #[error(
        "the call is dropped: {limit} calls, as many as this remote may have, wait for the runtime"
    )]
    Full {
        /// How many calls may wait.
        limit: usize,
    },
}

impl Remote {
    pub(in crate::event_loop) fn of(mailbox: &Mailbox<RemoteCalls, Waker>) -> Self {
        Self { inbox: mailbox.inbox(), limit: usize::MAX }
    }

    /// Returns a number that the remotes of one runtime have in common, and no others while one of
    /// these remotes exists.
    pub(in crate::event_loop) fn address(&self) -> usize {
        Arc::as_ptr(&self.inbox).addr()
    }

    /// Returns a remote to the same runtime whose posts fail with [`PostError::Full`] while `limit`
    /// calls, from any remotes, wait to be taken over by the loop. By default there is no limit.
    ///
    /// Use a limit for a thread that may post faster than the runtime works: without one, the calls
    /// that wait take memory without bound. The loop may have taken over up to `limit` more calls
    /// that it has not made yet, so up to twice `limit` calls are kept at a time. A call that was
    /// made is kept too while its effects are being delivered, and the loop makes no other call
    /// until all of them, or 65,536, are delivered. A thread whose post is refused can drop the
    /// call, or slow down: it posts one call that answers it, and waits for the answer.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::PostError;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let remote = rt.remote().with_limit(2);
    /// let posted: Vec<_> = (0..3).map(|_| remote.post(|world| world.quit())).collect();
    /// assert_eq!(posted, [Ok(()), Ok(()), Err(PostError::Full { limit: 2 })]);
    /// rt.exec()?;
    /// assert_eq!(remote.post(|_| ()), Ok(()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_limit(&self, limit: usize) -> Self {
        Self { inbox: self.inbox.clone(), limit }
    }

    /// Runs a closure in the runtime's thread, in a later pass of its loop, mostly the next one,
    /// after the calls that wait there already.
    ///
    /// # Errors
    ///
    /// Fails with [`RuntimeGone`](PostError::RuntimeGone) if the runtime is gone, and with
    /// [`Full`](PostError::Full) if the [limit](Self::with_limit) of this remote is reached. A
    /// runtime that is dropped later drops the calls that it has not made.
    #[doc(alias = "postEvent")]
    pub fn post(&self, call: impl FnOnce(&mut World) + Send + 'static) -> Result<(), PostError> {
        self.inbox.put(self.limit, |calls| calls.put(call)).map_err(|refusal| match refusal {
            Refusal::Closed => PostError::RuntimeGone,
            Refusal::Full => PostError::Full { limit: self.limit },
        })
    }

    /// Calls a slot in the runtime's thread, as [`post`](Self::post) runs a closure. Nothing
    /// happens if the receiver is gone by then, or is of another runtime;
    /// [`World::on_undelivered`] tells of it.
    ///
    /// # Errors
    ///
    /// Fails as [`post`](Self::post) does.
    #[doc(alias = "invokeMethod")]
    pub fn invoke<R, A, F, Form>(
        &self,
        receiver: Obj<R>,
        slot: F,
        argument: A,
    ) -> Result<(), PostError>
    where
        R: QObject,
        A: Send + 'static,
        F: Slot<R, A, Form> + Send,
        Form: 'static,
    {
        self.post(move |world| {
            world.call_slot(receiver, slot, &argument);
        })
    }

    /// Emits a signal in the runtime's thread, as [`post`](Self::post) runs a closure. Nothing
    /// happens if the sender is gone by then, or is of another runtime; [`World::on_undelivered`]
    /// tells of it.
    ///
    /// # Errors
    ///
    /// Fails as [`post`](Self::post) does.
    pub fn emit<S, A>(
        &self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        argument: A,
    ) -> Result<(), PostError>
    where
        S: ?Sized + Target,
        A: Send + 'static,
    {
        self.post(move |world| {
            world.emit_from_afar(sender, signal, argument);
        })
    }

    /// Ends the runtime's loop with exit code 0, as [`exit`](Self::exit) does.
    ///
    /// # Errors
    ///
    /// Fails as [`post`](Self::post) does.
    pub fn quit(&self) -> Result<(), PostError> {
        self.exit(0)
    }

    /// Ends the runtime's loop with this exit code, once the loop makes this call: see
    /// [`World::exit`].
    ///
    /// # Errors
    ///
    /// Fails as [`post`](Self::post) does.
    pub fn exit(&self, code: i32) -> Result<(), PostError> {
        self.post(move |world| world.exit(code))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}
