//! The tasks of a runtime that were woken and not polled since.
//!
//! Keeps two promises. Tasks come out in the order in which they were woken. And a wake in the
//! runtime's thread finds the list without a lock: [`WokenTasks::push_here`] looks it up among the
//! runtimes of the thread. `task_waker.rs` takes the way through the loop's inbox if it is in
//! another thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::object::{TaskKey, Wakeups};

thread_local! {
    /// The lists of the runtimes in this thread that have had a task, each with the address of the
    /// runtime's inbox.
    static HERE: RefCell<Vec<(usize, Rc<WokenTasks>)>> = const { RefCell::new(Vec::new()) };
}

/// The tasks of one runtime that were woken, in order.
pub(super) struct WokenTasks {
    tasks: RefCell<VecDeque<TaskKey>>,
    wakeups: Wakeups,
}

impl WokenTasks {
    pub(super) fn new(wakeups: Wakeups) -> Rc<Self> {
        Rc::new(Self { tasks: RefCell::default(), wakeups })
    }

    /// Lets [`push_here`](Self::push_here) find this list by the address.
    pub(super) fn enter(self: &Rc<Self>, address: usize) {
        HERE.with_borrow_mut(|here| here.push((address, self.clone())));
    }

    /// Takes back [`enter`](Self::enter).
    pub(super) fn leave(address: usize) {
        // If the thread ends, the list is gone already.
        let _ = HERE.try_with(|here| here.borrow_mut().retain(|(other, _)| *other != address));
    }

    /// Adds a task to the list with this address. Returns false if this thread has no such list.
    pub(super) fn push_here(address: usize, task: TaskKey) -> bool {
        HERE.try_with(|here| {
            let here = here.borrow();
            let list = here.iter().find(|(other, _)| *other == address);
            list.inspect(|(_, list)| list.push(task)).is_some()
        })
        .unwrap_or(false)
    }

    /// Adds a task, and calls the loop if it is the first.
    pub(super) fn push(&self, task: TaskKey) {
        let mut tasks = self.tasks.borrow_mut();
        tasks.push_back(task);
        if tasks.len() == 1 {
            self.wakeups.call_loop();
        }
    }

    /// Makes the loop come to the tasks, in this pass or in the next.
    pub(super) fn call_loop(&self) {
        self.wakeups.call_loop();
    }

    /// Takes out the task that was woken first.
    pub(super) fn next(&self) -> Option<TaskKey> {
        self.tasks.borrow_mut().pop_front()
    }

    /// Puts tasks back before all others, in their order.
    pub(super) fn put_first(&self, earlier: &mut Vec<TaskKey>) {
        let mut tasks = self.tasks.borrow_mut();
        earlier.drain(..).rev().for_each(|task| tasks.push_front(task));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.borrow().is_empty()
    }
}
