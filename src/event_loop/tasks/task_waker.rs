//! `TaskWaker`: what the `Waker` of a task does.
//!
//! Keeps two promises. A task that is woken several times before it is polled is polled once. And a
//! task may be woken from any thread: in the runtime's own thread the waker adds the task to the list
//! of those that were woken, and in another one it posts that to the loop, which wakes the loop.

use std::sync::Arc;
use std::task::Wake;

use super::woken_tasks::WokenTasks;
use crate::event_loop::threads::Remote;
use crate::object::TaskKey;
use crate::sync::{AtomicBool, Ordering};

/// Wakes one task.
pub(super) struct TaskWaker {
    task: TaskKey,
    remote: Remote,
    flag: WokenFlag,
}

/// Remembers that a task was woken and not polled since.
#[derive(Default)]
struct WokenFlag(AtomicBool);

impl WokenFlag {
    /// Notes that the task is woken. Returns true if it was not woken before.
    ///
    /// The poll that this is followed by sees what the calling thread has written before.
    fn raise(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// Notes that the task is about to be polled.
    fn lower(&self) {
        self.0.swap(false, Ordering::AcqRel);
    }
}

impl TaskWaker {
    pub(super) fn new(task: TaskKey, remote: Remote) -> Self {
        Self { task, remote, flag: WokenFlag::default() }
    }

    /// Notes that the task is about to be polled: who wakes it from now on wakes it anew.
    pub(super) fn begin_poll(&self) {
        self.flag.lower();
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.flag.raise() {
            return;
        }
        let (address, task) = (self.remote.address(), self.task);
        if !WokenTasks::push_here(address, task) {
            // If the runtime is gone, so is the task.
            let _ = self.remote.post(move |_| {
                WokenTasks::push_here(address, task);
            });
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::sync::{AtomicU8, thread, try_all_orders};

    #[test]
    fn what_is_written_before_a_wake_is_seen_by_a_poll() {
        try_all_orders(|| {
            let shared = Arc::new((WokenFlag::default(), AtomicU8::new(0), AtomicU8::new(0)));
            let wakers = [1, 2].map(|news| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let (flag, written, wakes) = &*shared;
                    written.fetch_or(news, Ordering::Relaxed);
                    if flag.raise() {
                        wakes.fetch_add(1, Ordering::AcqRel);
                    }
                })
            });
            let (flag, written, wakes) = &*shared;
            let (mut polls, mut seen) = (0, 0);
            let mut poll_if_woken = || {
                if wakes.load(Ordering::Acquire) > polls {
                    polls += 1;
                    flag.lower();
                    seen = written.load(Ordering::Relaxed);
                }
            };
            poll_if_woken();
            for waker in wakers {
                waker.join().unwrap();
            }
            poll_if_woken();
            poll_if_woken();
            assert_eq!(seen, 3, "the last poll sees all");
        });
    }
}
