//! Newcomers: the sockets of a connection that a server takes in.
//!
//! Keeps one promise: no slot hears of what comes on an accepted connection before the slots of
//! `new_connection` have run, which may connect to the socket. A socket that enters the runtime while
//! a server takes its connection in is watched by a step that is recorded after the announcement, so
//! the step waits along with a turn that is put aside.

use std::cell::{Cell, RefCell};

use crate::object::{ObjectKey, Wakeups};

/// The sockets of the connection that a server of this runtime takes in.
#[derive(Default)]
pub(in crate::net) struct Newcomers {
    /// A server takes a connection in.
    is_open: Cell<bool>,
    first: Cell<Option<ObjectKey>>,
    /// The sockets that a class of its own made beside the first.
    others: RefCell<Vec<ObjectKey>>,
}

impl Newcomers {
    /// The number of the step at which a newcomer begins to be watched, after its announcement.
    pub(in crate::net) const ANNOUNCED: u32 = 0;

    /// Begins to take a connection in. The end of the value that this returns, by a panic as well, is
    /// the moment after the announcement.
    pub(in crate::net) fn take_in<'a>(&'a self, wakeups: &'a Wakeups) -> Announcement<'a> {
        self.is_open.set(true);
        Announcement { newcomers: self, wakeups }
    }

    /// Has a socket watched after the announcement, if a server takes a connection in. Returns false
    /// if none does, so that the socket may be watched at once.
    pub(in crate::net) fn join(&self, socket: ObjectKey) -> bool {
        let is_open = self.is_open.get();
        if is_open {
            match self.first.get() {
                None => self.first.set(Some(socket)),
                Some(_) => self.others.borrow_mut().push(socket),
            }
        }
        is_open
    }
}

/// A connection that is being taken in.
pub(in crate::net) struct Announcement<'a> {
    newcomers: &'a Newcomers,
    wakeups: &'a Wakeups,
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        let Newcomers { is_open, first, others } = self.newcomers;
        is_open.set(false);
        for socket in first.take().into_iter().chain(others.take()) {
            self.wakeups.step(socket, Newcomers::ANNOUNCED);
        }
    }
}
