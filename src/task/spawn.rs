//! Spawning tasks: for the runtime, or for an object that owns the task.

use super::join_handle::{JoinHandle, Owned};
use super::task_context::TaskContext;
use super::task_output::TaskOutput;
use crate::event_loop::{LoopParts, Parts, TaskError};
use crate::object::{Context, Obj, QObject, SlotType, Target, World};

impl World {
    /// Spawns a task that ends with the runtime.
    ///
    /// `task` is an async closure (`async move |task| …`), an async function that takes a
    /// [`TaskContext`], or a closure that returns a future. It is called when the loop comes to the
    /// tasks, in this pass or in the next.
    ///
    /// An error that the task returns goes to [`on_slot_error`](Self::on_slot_error), unless somebody
    /// has kept the [`JoinHandle`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// rt.spawn(async |task| {
    ///     task.sleep(Duration::from_secs(5)).await;
    ///     task.with(|world| world.exit(7));
    /// });
    /// assert_eq!(rt.exec()?, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn<F, T>(&mut self, task: F) -> JoinHandle<T::Output>
    where
        F: FnOnce(TaskContext) -> T + 'static,
        T: Future<Output: TaskOutput> + 'static,
    {
        self.spawn_for(None, SlotType::of::<F>(), task)
    }

    /// Spawns a task that an object owns: when the object is destroyed, the loop drops the task, after
    /// the turn and never inside its own poll. Otherwise as [`spawn`](Self::spawn).
    ///
    /// If the object is gone already, `task` is not called;
    /// [`on_undelivered`](Self::on_undelivered) tells of it.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn spawn_on<R, F, T>(&mut self, owner: Obj<R>, task: F) -> JoinHandle<T::Output>
    where
        R: ?Sized + Target,
        F: FnOnce(TaskContext) -> T + 'static,
        T: Future<Output: TaskOutput> + 'static,
    {
        self.expect_own(owner);
        if !self.contains(owner) {
            self.refuse_call::<F, R>(owner);
            let (handle, _) = JoinHandle::new(LoopParts::of(self).tasks.place().clone());
            handle.refuse(TaskError::OwnerDestroyed);
            return handle;
        }
        self.spawn_for(Some(owner.erase()), SlotType::of::<F>(), task)
    }

    #[track_caller]
    fn spawn_for<T>(
        &mut self,
        owner: Option<Obj<dyn QObject>>,
        path: SlotType,
        task: impl FnOnce(TaskContext) -> T + 'static,
    ) -> JoinHandle<T::Output>
    where
        T: Future<Output: TaskOutput> + 'static,
    {
        let parts = LoopParts::of(self);
        let place = parts.tasks.place().clone();
        let (mut handle, finish) = JoinHandle::new(place.clone());
        let context = TaskContext::new(parts.clone());
        let key = parts.tasks.spawn(Box::pin(async move {
            // Called within the first poll, so that it has the world.
            let output = task(context).await;
            if let Some(output) = finish.finish(output) {
                // The task is being polled, so that it has the world.
                let _ = place.reach(|world| output.report(world, owner, path));
            }
        }));
        handle.spawned(&parts, key);
        if let Some(owner) = owner {
            self.add_dependent(owner, Owned::new(&parts, key));
        }
        handle
    }
}

impl<R: QObject> Context<'_, R> {
    /// Spawns a task that this object owns: [`World::spawn_on`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// #[derive(QObject, Default)]
    /// struct Lamp {
    ///     is_on: bool,
    /// }
    ///
    /// #[slots]
    /// impl Lamp {
    ///     /// Switches the lamp on for a minute.
    ///     #[slot]
    ///     fn light(&mut self, cx: &mut Context<Self>) {
    ///         self.is_on = true;
    ///         let this = cx.this();
    ///         cx.spawn(async move |task| {
    ///             task.sleep(Duration::from_secs(60)).await;
    ///             task.with(|world| world[this].is_on = false);
    ///         });
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// let lamp = rt.add(Lamp::default());
    /// rt.with(lamp, |lamp, cx| lamp.light(cx));
    /// assert!(rt.run_until(Duration::from_secs(61), |world| !world[lamp].is_on)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn<F, T>(&mut self, task: F) -> JoinHandle<T::Output>
    where
        F: FnOnce(TaskContext) -> T + 'static,
        T: Future<Output: TaskOutput> + 'static,
    {
        let this = self.this();
        self.spawn_on(this, task)
    }
}
