//! Newcomers: the sockets of a connection that a server takes in.
//!
//! Keeps one promise: no signal is emitted for what comes on an accepted connection before the
//! slots of `new_connection` have run, because these slots may connect to the socket's signals. If
//! a socket enters the runtime while a server takes a connection in, it is watched only from a step
//! that is recorded after the emission of `new_connection`. If the turn of the emission is put
//! aside, the step waits too.

use std::cell::{Cell, RefCell};

use crate::object::{ObjectKey, Wakeups};

/// The sockets of the connection that a server of this runtime is taking in.
#[derive(Default)]
pub(in crate::net) struct Newcomers {
    /// A server is taking a connection in.
    is_open: Cell<bool>,
    first: Cell<Option<ObjectKey>>,
    /// Further sockets, which a class of its own may have made.
    others: RefCell<Vec<ObjectKey>>,
}

impl Newcomers {
    /// The number of the step that begins to watch a newcomer, after its announcement.
    pub(in crate::net) const ANNOUNCED: u32 = 0;

    /// Begins to take a connection in. The drop of the returned value, after a panic too, records
    /// the steps of the newcomers.
    pub(in crate::net) fn take_in<'a>(&'a self, wakeups: &'a Wakeups) -> Announcement<'a> {
        self.is_open.set(true);
        Announcement { newcomers: self, wakeups }
    }

    /// Returns true if a server is taking a connection in: then the socket is watched after the
    /// announcement. Returns false if the socket may be watched at once.
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
        let announced = |socket| self.wakeups.step(socket, Newcomers::ANNOUNCED);
        first.take().map(announced);
        if !others.borrow().is_empty() {
            others.take().into_iter().for_each(announced);
        }
    }
}
