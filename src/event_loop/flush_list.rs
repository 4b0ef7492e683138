//! What is done once in each turn, before the loop sleeps.
//!
//! A socket that is written to puts itself here, so that however many times slots write to it, the
//! bytes leave in one system call.

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt;

use mio::Waker;

use super::inbox::Bell;
use super::remote::RemoteCall;
use crate::object::{ObjectKey, World};

/// Does the postponed work of an object.
pub(crate) type Flush = fn(&mut World, ObjectKey);

/// The objects with postponed work, in the order in which they asked.
#[derive(Default)]
pub(crate) struct FlushList {
    entries: RefCell<VecDeque<(ObjectKey, Flush)>>,
    /// Tells a loop that does not look by itself that there is work.
    alarm: OnceCell<Bell<RemoteCall, Waker>>,
}

impl FlushList {
    /// Adds an object. It sees to it itself that it is on the list once.
    pub(crate) fn add(&self, object: ObjectKey, flush: Flush) {
        self.entries.borrow_mut().push_back((object, flush));
        if let Some(alarm) = self.alarm.get() {
            alarm.ring();
        }
    }

    /// Sets what wakes a foreign loop when an object asks while that loop sleeps.
    pub(super) fn set_alarm(&self, alarm: Bell<RemoteCall, Waker>) {
        self.alarm.get_or_init(|| alarm);
    }

    pub(super) fn next(&self) -> Option<(ObjectKey, Flush)> {
        self.entries.borrow_mut().pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.borrow().len()
    }
}

impl fmt::Debug for FlushList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlushList").field("len", &self.len()).finish()
    }
}
