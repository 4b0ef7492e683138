//! `Tasks`: the tasks of a runtime, and polling them.
//!
//! Keeps four promises. Tasks are polled in the order in which they were woken, and each at most once
//! in a round, of which a pass has one. No task is dropped while it is polled, or while a turn runs:
//! the loop drops it afterwards. A task that panics ends, and no other task with it. And nothing is
//! borrowed here while code of a task runs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};

use slotmap::SlotMap;

use super::task_error::TaskError;
use super::task_waker::TaskWaker;
use super::woken_tasks::WokenTasks;
use super::world_place::WorldPlace;
use crate::event_loop::threads::Remote;
use crate::object::{Origin, TaskKey, Wakeups, World};

/// What a task does.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = ()>>>;

/// The tasks of one runtime.
pub(crate) struct Tasks {
    table: RefCell<SlotMap<TaskKey, Task>>,
    woken: Rc<WokenTasks>,
    /// Tasks that were woken after they had been polled in this round. They wait for the next.
    later: RefCell<Vec<TaskKey>>,
    /// Tasks that have ended, which the loop will drop.
    ended: RefCell<VecDeque<TaskKey>>,
    place: Rc<WorldPlace>,
    remote: Remote,
    round: Cell<u64>,
    /// How many tasks were ever spawned.
    spawned: Cell<u64>,
}

struct Task {
    /// `None` while the task is polled.
    future: Option<TaskFuture>,
    waker: Arc<TaskWaker>,
    /// The number among all tasks that were spawned.
    number: u64,
    /// The last round in which it was polled.
    polled_in: u64,
    /// Why the loop will drop the task. `None` while the task goes on.
    ending: Option<TaskError>,
}

impl Tasks {
    pub(in crate::event_loop) fn new(wakeups: Wakeups, remote: Remote) -> Self {
        Self {
            table: RefCell::default(),
            woken: WokenTasks::new(wakeups),
            later: RefCell::default(),
            ended: RefCell::default(),
            place: Rc::new(WorldPlace::new()),
            remote,
            round: Cell::new(0),
            spawned: Cell::new(0),
        }
    }

    /// Returns the place where the world is while a task is polled.
    pub(crate) fn place(&self) -> &Rc<WorldPlace> {
        &self.place
    }

    /// Adds a task, and wakes it.
    pub(crate) fn spawn(&self, future: TaskFuture) -> TaskKey {
        let number = self.spawned.replace(self.spawned.get() + 1);
        if number == 0 {
            self.woken.enter(self.remote.address());
        }
        let key = self.table.borrow_mut().insert_with_key(|key| Task {
            future: Some(future),
            waker: Arc::new(TaskWaker::new(key, self.remote.clone())),
            number,
            polled_in: 0,
            ending: None,
        });
        self.waker(key).inspect(Waker::wake_by_ref);
        key
    }

    fn waker(&self, task: TaskKey) -> Option<Waker> {
        self.table.borrow().get(task).map(|task| task.waker.clone().into())
    }

    /// Returns true if the task is there and has not ended.
    pub(crate) fn is_running(&self, task: TaskKey) -> bool {
        self.table.borrow().get(task).is_some_and(|task| task.ending.is_none())
    }

    /// Ends a task: the loop drops it when it comes to the tasks. Returns true if the task was still
    /// to be polled.
    pub(crate) fn end(&self, task: TaskKey, reason: TaskError) -> bool {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(task).filter(|task| task.ending.is_none()) else {
            return false;
        };
        entry.ending = Some(reason);
        let mut ended = self.ended.borrow_mut();
        ended.push_back(task);
        if ended.len() == 1 {
            self.woken.call_loop();
        }
        true
    }

    /// Returns true if there is a task for the loop to poll or to drop.
    pub(in crate::event_loop) fn has_work(&self) -> bool {
        !self.woken.is_empty() || !self.ended.borrow().is_empty() || !self.later.borrow().is_empty()
    }

    /// Makes the loop come to the tasks once more, if it has one to poll or to drop.
    pub(in crate::event_loop) fn call_loop_again(&self) {
        if self.has_work() {
            self.woken.call_loop();
        }
    }

    /// Begins a round, in which each task is polled at most once.
    pub(in crate::event_loop) fn begin_round(&self) {
        self.end_round();
        self.round.set(self.round.get() + 1);
    }

    /// Drops the next task that has ended, or else polls the next task that was woken. Returns `None`
    /// if there is neither.
    pub(in crate::event_loop) fn do_next(&self, world: &mut World) -> Option<()> {
        let ended = self.ended.borrow_mut().pop_front();
        if let Some(task) = ended {
            self.remove(task);
            return Some(());
        }
        loop {
            let key = self.woken.next()?;
            if self.may_poll(key, world) {
                self.poll(key, world);
                return Some(());
            }
        }
    }

    /// Returns true if the loop may poll this task, which was woken, now.
    fn may_poll(&self, key: TaskKey, world: &World) -> bool {
        let mut table = self.table.borrow_mut();
        let Some(task) = table.get_mut(key) else { return false };
        if task.ending.is_some() {
            return false;
        }
        let must_wait = task.polled_in == self.round.get() || world.is_held_up(Origin::Task(key));
        if must_wait {
            self.later.borrow_mut().push(key);
        } else {
            task.polled_in = self.round.get();
        }
        !must_wait
    }

    fn poll(&self, key: TaskKey, world: &mut World) {
        /// A task that is polled. If that panics, the task ends.
        struct Polled<'a>(&'a Tasks, TaskKey);

        impl Drop for Polled<'_> {
            fn drop(&mut self) {
                self.0.forget(self.1);
            }
        }

        let Some((mut future, waker)) = self.take(key) else { return };
        let polled = Polled(self, key);
        waker.begin_poll();
        // The only reason for which this task can end during the poll.
        self.place.set_reason(TaskError::Panicked);
        let waker = waker.into();
        let poll = || future.as_mut().poll(&mut Context::from_waker(&waker));
        if self.place.lend(world, key, poll).is_pending() {
            std::mem::forget(polled);
            if let Some(task) = self.table.borrow_mut().get_mut(key) {
                task.future = Some(future);
            }
        }
    }

    /// Takes the future of a task out, for a poll.
    fn take(&self, key: TaskKey) -> Option<(TaskFuture, Arc<TaskWaker>)> {
        let mut table = self.table.borrow_mut();
        let task = table.get_mut(key)?;
        Some((task.future.take()?, task.waker.clone()))
    }

    /// Removes a task that has ended, and drops it.
    fn remove(&self, key: TaskKey) {
        let task = self.forget(key);
        if let Some(reason) = task.as_ref().and_then(|task| task.ending) {
            self.place.set_reason(reason);
        }
        drop(task);
    }

    fn forget(&self, key: TaskKey) -> Option<Task> {
        self.table.borrow_mut().remove(key)
    }

    /// Ends the round: the tasks that wait for the next one come first in it.
    pub(in crate::event_loop) fn end_round(&self) {
        self.woken.put_first(&mut self.later.borrow_mut());
    }

    /// Drops all tasks, since the runtime is being dropped: in the order in which they were spawned.
    pub(in crate::event_loop) fn close(&self) {
        WokenTasks::leave(self.remote.address());
        self.place.set_reason(TaskError::RuntimeDropped);
        let table = std::mem::take(&mut *self.table.borrow_mut());
        let mut tasks: Vec<_> = table.into_iter().map(|(_, task)| task).collect();
        tasks.sort_by_key(|task| task.number);
        // If the destructor of one panics, those of the others still run.
        drop(tasks);
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("len", &self.table.borrow().len()).finish_non_exhaustive()
    }
}
