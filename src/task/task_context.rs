//! `TaskContext`: what a task gets of its runtime.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::emission_stream::EmissionStream;
use super::join_handle::JoinHandle;
use super::next::Next;
use super::sleep::{Sleep, YieldNow};
use super::task_output::TaskOutput;
use super::timeout::Timeout;
use crate::event_loop::{LoopParts, WorldError};
use crate::object::{Obj, Signal, Target, World};

/// Gives a task access to its runtime: awaits signals, sleeps, and reaches the world between two
/// awaits.
///
/// A clone is a context of the same runtime.
#[derive(Clone)]
pub struct TaskContext {
    parts: Rc<LoopParts>,
}

/// The world.
impl TaskContext {
    pub(super) fn new(parts: Rc<LoopParts>) -> Self {
        Self { parts }
    }

    /// Calls `f` with the world, in a turn of its own: what `f` does has taken effect, with all that
    /// follows from it, when this returns.
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// let timer = rt.add(QTimer::new());
    /// rt.spawn(async move |task| {
    ///     let is_armed = task.with(|world| {
    ///         world[timer].start();
    ///         world[timer].is_active()
    ///     });
    ///     assert!(is_armed);
    ///     task.with(|world| world.quit());
    /// });
    /// rt.exec()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics where [`try_with`](Self::try_with) returns an error.
    #[track_caller]
    pub fn with<O>(&self, f: impl FnOnce(&mut World) -> O) -> O {
        match self.try_with(f) {
            Ok(out) => out,
            Err(error) => panic!("{error}"),
        }
    }

    /// Calls `f` with the world, as [`with`](Self::with) does.
    ///
    /// # Errors
    ///
    /// Fails with [`NotLent`](WorldError::NotLent) if the runtime's loop does not poll a task now: in
    /// the destructor of a task that is dropped, and in a future that another executor polls. Fails
    /// with [`InUse`](WorldError::InUse) within a closure that has the world.
    pub fn try_with<O>(&self, f: impl FnOnce(&mut World) -> O) -> Result<O, WorldError> {
        self.parts.tasks.place().reach(f)
    }

    /// Spawns another task: [`World::spawn`].
    ///
    /// # Panics
    ///
    /// Panics where [`try_with`](Self::try_with) returns an error.
    #[track_caller]
    pub fn spawn<F, T>(&self, task: F) -> JoinHandle<T::Output>
    where
        F: FnOnce(Self) -> T + 'static,
        T: Future<Output: TaskOutput> + 'static,
    {
        self.with(|world| world.spawn(task))
    }
}

/// Signals.
impl TaskContext {
    /// Returns a future of the next emission of a signal: [`World::next`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// let timer = rt.add(QTimer::new());
    /// rt.spawn(async move |task| {
    ///     let tick = task.next(timer, QTimer::timeout);
    ///     task.with(|world| world[timer].start_with(Duration::from_secs(1)));
    ///     tick.await?;
    ///     task.with(|world| world.destroy(timer));
    ///     assert!(task.next(timer, QTimer::timeout).await.is_err());
    ///     task.with(|world| world.quit());
    ///     Ok::<_, slotwire::task::SenderGone>(())
    /// });
    /// rt.exec()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics where [`try_with`](Self::try_with) returns an error, and if the handle is of another
    /// runtime.
    #[track_caller]
    pub fn next<S, A>(&self, sender: Obj<S>, signal: fn(&S) -> &Signal<A>) -> Next<A>
    where
        S: ?Sized + Target,
        A: Clone + 'static,
    {
        self.with(|world| world.next(sender, signal))
    }

    /// Returns a stream of the emissions of a signal, of which up to `capacity` wait:
    /// [`World::stream`].
    ///
    /// # Panics
    ///
    /// Panics as [`next`](Self::next) does.
    #[track_caller]
    pub fn stream<S, A>(
        &self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        capacity: usize,
    ) -> EmissionStream<A>
    where
        S: ?Sized + Target,
        A: Clone + 'static,
    {
        self.with(|world| world.stream(sender, signal, capacity))
    }
}

/// Time, on the runtime's [clock](crate::Clock).
impl TaskContext {
    /// Returns the time on the runtime's clock: [`World::now`].
    pub fn now(&self) -> Instant {
        self.parts.timers.now()
    }

    /// Waits for this long, from now on.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.parts.timers.after(duration))
    }

    /// Waits until a moment. Returns at once if the moment has passed.
    pub fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep::until(self.parts.clone(), deadline)
    }

    /// Awaits a future for at most this long, from now on. If it is not ready by then, returns
    /// [`Elapsed`](super::Elapsed) and drops the future.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// let timer = rt.add(QTimer::new());
    /// rt.spawn(async move |task| {
    ///     let tick = task.next(timer, QTimer::timeout);
    ///     assert!(task.timeout(Duration::from_secs(9), tick).await.is_err());
    ///     task.with(|world| world.quit());
    /// });
    /// rt.exec()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout<F: Future>(&self, duration: Duration, future: F) -> Timeout<F> {
        Timeout::new(future, self.sleep(duration))
    }

    /// Awaits a future until a moment: as [`timeout`](Self::timeout).
    pub fn timeout_at<F: Future>(&self, deadline: Instant, future: F) -> Timeout<F> {
        Timeout::new(future, self.sleep_until(deadline))
    }

    /// Lets everything else in the loop have its turn: the task goes on in the next pass.
    pub fn yield_now(&self) -> YieldNow {
        YieldNow::default()
    }
}

impl fmt::Debug for TaskContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext").finish_non_exhaustive()
    }
}
