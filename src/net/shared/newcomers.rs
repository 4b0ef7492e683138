//! Newcomers: the sockets of a connection that a server takes in just now.
//!
//! Keeps one promise: nothing that comes on an accepted connection is heard of before the slots of
//! `new_connection` have run, which may connect to the socket. A socket that gets its place while the
//! server takes the connection in is watched by a step that is recorded after the announcement, so that
//! it waits along with a turn that is put aside.

use std::cell::RefCell;

use smallvec::SmallVec;

use crate::object::{ObjectKey, Wakeups};

/// The sockets of the connection that a server of this runtime takes in just now; `None` if none does.
#[derive(Default)]
pub(in crate::net) struct Newcomers(RefCell<Option<SmallVec<[ObjectKey; 1]>>>);

impl Newcomers {
    /// The number of the step that a newcomer gets after its announcement: then it begins to be
    /// watched.
    pub(in crate::net) const ANNOUNCED: u32 = 0;

    /// Begins to take a connection in. The end of the value that this returns, a panic's included, is
    /// the moment after the announcement.
    pub(in crate::net) fn take_in<'a>(&'a self, wakeups: &'a Wakeups) -> Announcement<'a> {
        self.0.replace(Some(SmallVec::new()));
        Announcement { newcomers: self, wakeups }
    }

    /// Has a socket watched after the announcement, if a connection is taken in just now. Returns false
    /// if none is, so that the socket may be watched at once.
    pub(in crate::net) fn join(&self, socket: ObjectKey) -> bool {
        let mut newcomers = self.0.borrow_mut();
        let Some(newcomers) = &mut *newcomers else { return false };
        newcomers.push(socket);
        true
    }
}

/// A connection that is being taken in.
pub(in crate::net) struct Announcement<'a> {
    newcomers: &'a Newcomers,
    wakeups: &'a Wakeups,
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        for socket in self.newcomers.0.take().into_iter().flatten() {
            self.wakeups.step(socket, Newcomers::ANNOUNCED);
        }
    }
}
