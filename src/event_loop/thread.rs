//! `QThread`: a thread with a runtime of its own.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use slotwire_macros::{QObject, slots};

use super::home::Home;
use super::runtime::Runtime;
use super::threads::Remote;
use crate::object::{Anchor, Obj, ObjectKey, Signal};
use crate::sync::{Condvar, Mutex, PoisonError};

/// A thread that runs an event loop of its own.
///
/// Objects do not move between threads: the function that is passed to [`start`](Self::start)
/// creates the objects of the new thread there. The two sides reach each other by [`Remote`]s, and
/// by signals connected with [`World::connect_remote`](crate::World::connect_remote).
///
/// Dropping a `QThread` ends its loop and waits for the thread, so the thread never outlives the
/// object.
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::QThread;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
/// let worker = rt.add(QThread::new("worker"));
/// rt.connect_fn(worker, QThread::finished, |world, _| world.quit());
/// rt[worker].start(|rt| rt.post(|world| world.exit(5)))?;
/// rt.exec()?;
/// assert_eq!(rt[worker].result(), Some(Ok(5)));
/// # Ok(())
/// # }
/// ```
#[derive(QObject)]
#[qobject(enter = Self::entered)]
pub struct QThread {
    /// Emitted when the thread's loop is about to run.
    #[signal]
    started: Signal<()>,
    /// Emitted when the thread's loop has ended and its objects are gone.
    #[signal]
    finished: Signal<()>,
    name: String,
    state: State,
    home: Option<Home>,
}

/// Whether the thread runs or has finished.
enum State {
    Idle,
    Running { remote: Remote, handle: JoinHandle<()>, outcome: Arc<Outcome> },
    Finished(Result<i32, ThreadError>),
}

/// Why a thread ended without an exit code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadError {
    /// The thread's runtime could not be created, or its poller failed.
    #[error("the thread's event loop failed: {0}")]
    Loop(String),
    /// The thread panicked.
    #[error("the thread panicked: {0}")]
    Panicked(String),
}

/// How the thread ended, once it has ended.
#[derive(Default)]
struct Outcome {
    result: Mutex<Option<Result<i32, ThreadError>>>,
    set: Condvar,
}

impl Outcome {
    fn set(&self, result: Result<i32, ThreadError>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        self.set.notify_all();
    }

    fn get(&self) -> Option<Result<i32, ThreadError>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits up to `timeout`, or for ever if `None`. Returns true if the thread has ended.
    fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut result = self.result.lock().unwrap_or_else(PoisonError::into_inner);
        while result.is_none() {
            result = match deadline {
                None => self.set.wait(result).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let waited = self.set.wait_timeout(result, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }
}

#[slots]
impl QThread {
    /// Creates a thread that does not run yet. Debuggers show the name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            started: Signal::new(),
            finished: Signal::new(),
            name: name.into(),
            state: State::Idle,
            home: None,
        }
    }

    /// Starts the thread: creates its runtime, calls `set_up` with that runtime, and runs its loop
    /// until somebody asks it to quit. Returns what `set_up` returned, in most cases handles of the
    /// objects that it added and a [`remote`](crate::World::remote) of the runtime.
    ///
    /// Blocks until `set_up` has returned. So `set_up` should not take long, and must not wait for
    /// this thread.
    ///
    /// # Errors
    ///
    /// Fails if the thread already runs, if the system gives no thread or no poller, or if `set_up`
    /// panics; then [`result`](Self::result) has the panic.
    #[doc(alias = "run")]
    #[doc(alias = "moveToThread")]
    pub fn start<R: Send + 'static>(
        &mut self,
        set_up: impl FnOnce(&mut Runtime) -> R + Send + 'static,
    ) -> io::Result<R> {
        if self.is_running() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the thread runs already"));
        }
        self.reap();
        let outcome = Arc::new(Outcome::default());
        let (send_ready, ready) = std::sync::mpsc::sync_channel(1);
        let home = self.home.as_ref().map(|home| (home.remote.clone(), home.key()));
        let result = outcome.clone();
        let handle = thread::Builder::new().name(self.name.clone()).spawn(move || {
            let run = std::panic::AssertUnwindSafe(|| {
                let mut rt = match Runtime::new() {
                    Ok(rt) => rt,
                    Err(error) => {
                        let message = error.to_string();
                        let _ = send_ready.send(Err(error));
                        return Err(ThreadError::Loop(message));
                    }
                };
                let made = set_up(&mut rt);
                // Fails only if the starting thread is gone, and then nobody needs the result.
                let _ = send_ready.send(Ok((rt.remote(), made)));
                drop(send_ready);
                if let Some((home, key)) = &home {
                    announce(home, *key, Self::started);
                }
                rt.exec().map_err(|error| ThreadError::Loop(error.to_string()))
            });
            let ended = std::panic::catch_unwind(run);
            result.set(ended.unwrap_or_else(|panic| Err(ThreadError::Panicked(message(&*panic)))));
            if let Some((home, key)) = &home {
                announce(home, *key, Self::finished);
            }
        })?;
        match ready.recv() {
            Ok(Ok((remote, made))) => {
                self.state = State::Running { remote, handle, outcome };
                Ok(made)
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                // The panic was caught and kept as the result.
                let _ = handle.join();
                let error = match outcome.get() {
                    Some(Err(error)) => format!("cannot set up the thread: {error}"),
                    _ => "cannot set up the thread".to_owned(),
                };
                self.state = outcome.get().map_or(State::Idle, State::Finished);
                Err(io::Error::other(error))
            }
        }
    }

    /// Asks the thread's loop to end with exit code 0. The loop ends when it reaches the request.
    #[slot]
    pub fn quit(&mut self) {
        self.exit(0);
    }

    /// Asks the thread's loop to end with this exit code. The loop ends when it reaches the
    /// request. If there are several calls, the last one that the loop reaches counts.
    #[slot]
    pub fn exit(&mut self, code: i32) {
        if let State::Running { remote, .. } = &self.state {
            // Fails only if the loop has ended already.
            let _ = remote.exit(code);
        }
    }

    /// Returns a remote of the thread's runtime, while the thread runs.
    pub fn remote(&self) -> Option<Remote> {
        match &self.state {
            State::Running { remote, .. } if self.is_running() => Some(remote.clone()),
            _ => None,
        }
    }

    /// Returns true if the thread was started and has not finished.
    #[doc(alias = "isRunning")]
    pub fn is_running(&self) -> bool {
        matches!(&self.state, State::Running { outcome, .. } if outcome.get().is_none())
    }

    /// Returns true if the thread has run and finished.
    #[doc(alias = "isFinished")]
    pub fn is_finished(&self) -> bool {
        self.result().is_some()
    }

    /// Returns the exit code, or why there is none. Returns `None` while the thread has not
    /// finished.
    pub fn result(&self) -> Option<Result<i32, ThreadError>> {
        match &self.state {
            State::Idle => None,
            State::Running { outcome, .. } => outcome.get(),
            State::Finished(result) => Some(result.clone()),
        }
    }

    fn entered(&mut self, anchor: &Anchor<'_>) {
        self.home = Some(Home::of(anchor));
    }

    /// Joins a thread that has ended, or was asked to end.
    fn reap(&mut self) {
        if let State::Running { handle, outcome, .. } =
            std::mem::replace(&mut self.state, State::Idle)
        {
            // The panic was caught and kept as the result.
            let _ = handle.join();
            if let Some(result) = outcome.get() {
                self.state = State::Finished(result);
            }
        }
    }
}

/// Emits a signal of a thread's object in the runtime of that object.
fn announce(home: &Remote, key: ObjectKey, signal: fn(&QThread) -> &Signal<()>) {
    // Fails only if that runtime is gone, and the object with it.
    let _ = home.post(move |world| {
        if let Some(thread) = world.get(world.handle::<QThread>(key)) {
            signal(thread).emit(());
        }
    });
}

/// Returns the message of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(no message)").to_owned()
}

/// Waiting for threads.
impl Runtime {
    /// Blocks until the thread has finished, or `timeout` has passed (for ever if `None`). Returns
    /// true if the thread has finished or was never started.
    ///
    /// The loop of this runtime does not run meanwhile, so `finished` is delivered later.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime.
    #[doc(alias = "wait")]
    #[track_caller]
    pub fn wait_for_thread(&mut self, thread: Obj<QThread>, timeout: Option<Duration>) -> bool {
        match &self[thread].state {
            State::Running { outcome, .. } => outcome.wait(timeout),
            State::Idle | State::Finished(_) => true,
        }
    }
}

impl Drop for QThread {
    fn drop(&mut self) {
        self.quit();
        self.reap();
    }
}

impl fmt::Debug for QThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QThread")
            .field("name", &self.name)
            .field("is_running", &self.is_running())
            .field("result", &self.result())
            .finish_non_exhaustive()
    }
}
