//! What the loop adds to a world, and so to every context: ending the loop, and other threads.
//!
//! Single shots are in `single_shot.rs`.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use super::home::{LoopParts, Parts};
use super::threads::{PostError, Remote};
use crate::object::{Connection, Obj, QObject, Signal, Slot, Target, World};
use crate::sync::{AtomicBool, Ordering};

/// Ending the loop.
impl World {
    /// Asks for the end of the loop with exit code 0: [`exit`](Self::exit).
    pub fn quit(&mut self) {
        self.exit(0);
    }

    /// Asks for the end of the loop: [`Runtime::exec`](crate::Runtime::exec) ends with this exit
    /// code, after the current pass. If there are several calls, the last one counts.
    ///
    /// While `exec` does not run, the request is noted for the loop that drives the runtime, which
    /// asks by [`quit_requested`](Self::quit_requested). It holds until
    ///
    /// - `exec` begins, without it, as in Qt,
    /// - or [`Runtime::take_quit_request`](crate::Runtime::take_quit_request) takes it.
    ///
    /// A request that was made in a pass of `exec` that a panic has ended is kept for the next
    /// `exec`.
    pub fn exit(&mut self, code: i32) {
        LoopParts::of(self).quit_request.set(code);
    }

    /// Returns the exit code with which [`quit`](Self::quit) or [`exit`](Self::exit) has asked for
    /// the end of the loop; `None` if nothing has.
    ///
    /// For a loop that drives the runtime by
    /// [`process_events`](crate::Runtime::process_events): it looks after each pass.
    pub fn quit_requested(&self) -> Option<i32> {
        LoopParts::of(self).quit_request.code()
    }
}

/// Reaching other threads, and being reached.
impl World {
    /// Returns a way into this runtime for other threads.
    pub fn remote(&self) -> Remote {
        LoopParts::of(self).remote.clone()
    }

    /// Connects a signal to a slot of an object in another thread's runtime.
    ///
    /// Delivery is always queued: each emission is posted to `remote`, in order, and the slot runs
    /// in that runtime's loop. The connection ends with the sender; and when the receiver turns out
    /// to be gone, or its runtime. An emission that is above the [limit](Remote::with_limit) of
    /// `remote` does not reach the receiver, and the connection stays: where each one counts, give
    /// a remote without a limit.
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
