//! `WorldPlace`: where the world is while a task is polled.
//!
//! Keeps two promises. The world is back in its runtime when the poll is over, also if it panics:
//! a guard swaps it into this place and back. And a closure that gets the world has it alone: a second
//! closure inside it gets an error.

use std::cell::{Cell, RefCell};

use super::task_error::TaskError;
use super::world_error::WorldError;
use crate::object::{Origin, TaskKey, World};

/// A place that the tasks of a runtime share, and that has the world while one of them is polled.
pub(crate) struct WorldPlace {
    /// The world while it is lent. At other times the world without objects that stands in for it in
    /// the runtime, from the first poll on.
    world: RefCell<Option<World>>,
    /// The task to which the world is lent.
    task: Cell<Option<TaskKey>>,
    /// The number of deliveries in the turns of this poll.
    spent: Cell<usize>,
    /// Why a task ends that is dropped now.
    reason: Cell<TaskError>,
}

impl WorldPlace {
    pub(super) fn new() -> Self {
        Self {
            world: RefCell::new(None),
            task: Cell::new(None),
            spent: Cell::new(0),
            reason: Cell::new(TaskError::RuntimeDropped),
        }
    }

    /// Lends the world to a task while `poll` runs.
    pub(super) fn lend<O>(&self, world: &mut World, task: TaskKey, poll: impl FnOnce() -> O) -> O {
        /// A world that is lent. When the poll returns or panics, it goes back.
        struct Loan<'a> {
            place: &'a WorldPlace,
            home: &'a mut World,
        }

        impl Loan<'_> {
            fn swap(&mut self) {
                let mut place = self.place.world.borrow_mut();
                std::mem::swap(place.get_or_insert_with(World::new), self.home);
            }
        }

        impl Drop for Loan<'_> {
            fn drop(&mut self) {
                self.place.task.set(None);
                self.swap();
                self.home.add_spent(self.place.spent.take());
            }
        }

        let mut loan = Loan { place: self, home: world };
        loan.swap();
        self.task.set(Some(task));
        poll()
    }

    /// Calls `f` with the world, in a turn of its own: what `f` does has taken effect when this
    /// returns.
    pub(crate) fn reach<O>(&self, f: impl FnOnce(&mut World) -> O) -> Result<O, WorldError> {
        let task = self.task.get().ok_or(WorldError::NotLent)?;
        let mut place = self.world.try_borrow_mut().map_err(|_| WorldError::InUse)?;
        let world = place.as_mut().ok_or(WorldError::NotLent)?;
        let tag = world.tag();
        let out = world.on_behalf_of(Origin::Task(task), |world| world.turn(f));
        assert!(
            world.tag() == tag,
            "the closure of a task has swapped its world with that of another runtime"
        );
        self.spent.set(self.spent.get() + world.take_spent());
        Ok(out)
    }

    /// Sets the reason for which the tasks end that are dropped from now on.
    pub(super) fn set_reason(&self, reason: TaskError) {
        self.reason.set(reason);
    }

    /// Returns the reason for which a task ends that is dropped now.
    pub(crate) fn reason(&self) -> TaskError {
        self.reason.get()
    }
}
