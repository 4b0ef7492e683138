//! Connections: the handles by which a program asks for them and ends them.
//!
//! `connection_list.rs` has the connections themselves.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::{Rc, Weak};

use bitflags::bitflags;

use super::any_core::AnyCore;
use super::dependent::Dependent;
use crate::object::store::ObjectKey;

bitflags! {
    /// How a connection delivers, and whether it is made at all.
    ///
    /// The values combine: `ConnectionType::QUEUED | ConnectionType::SINGLE_SHOT`.
    #[doc(alias = "Qt::ConnectionType")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ConnectionType: u8 {
        /// The slot runs after the method that emitted has returned. The default.
        #[doc(alias = "DirectConnection")]
        #[doc(alias = "AutoConnection")]
        const DIRECT = 0;
        /// The slot runs in a later pass of the event loop, after what was posted before.
        #[doc(alias = "QueuedConnection")]
        const QUEUED = 1;
        /// The connection is not made if the signal is already connected to that slot of that
        /// object.
        #[doc(alias = "UniqueConnection")]
        const UNIQUE = 2;
        /// The connection ends just before its slot runs for the first time.
        #[doc(alias = "SingleShotConnection")]
        const SINGLE_SHOT = 4;
    }
}

/// A handle to a connection: ends it, or asks if it is still there.
///
/// Dropping the handle changes nothing: the connection ends when the sender or the receiver is
/// destroyed, or when it is disconnected. [`scoped`](Self::scoped) makes a connection end when its
/// guard is dropped.
#[doc(alias = "QMetaObject::Connection")]
#[derive(Clone)]
pub struct Connection {
    to: To,
}

/// What a handle refers to. It has the size of three words, as long as there is no third case,
/// which would need a tag.
#[derive(Clone)]
enum To {
    Made(MadeConnection),
    /// A connection that is made later, or one that was refused.
    NotMade(Option<Rc<AwaitedConnection>>),
}

/// A connection, by its signal and its number there.
#[derive(Clone)]
pub(in crate::object) struct MadeConnection {
    core: Weak<dyn AnyCore>,
    number: u64,
}

/// A connection that is made when the method of its sender has returned.
#[derive(Default)]
pub(in crate::object) struct AwaitedConnection {
    is_cancelled: Cell<bool>,
    made: OnceCell<MadeConnection>,
}

/// How to make a connection once its sender is back in its place. `W` is the world.
pub(in crate::object) struct Deferred<W> {
    pub(in crate::object) receiver: Option<ObjectKey>,
    pub(in crate::object) connection: Rc<AwaitedConnection>,
    pub(in crate::object) join: Box<dyn FnOnce(&mut W)>,
}

impl MadeConnection {
    pub(in crate::object) fn new(core: Weak<dyn AnyCore>, number: u64) -> Self {
        Self { core, number }
    }

    fn is_open(&self) -> bool {
        self.core.upgrade().is_some_and(|core| core.is_open(self.number))
    }

    fn disconnect(&self) -> bool {
        self.core.upgrade().is_some_and(|core| core.disconnect(self.number))
    }
}

/// A connection that ends with its receiver.
impl Dependent for MadeConnection {
    fn is_over(&self) -> bool {
        !self.core.upgrade().is_some_and(|core| core.has(self.number))
    }

    fn end(&self) {
        if let Some(core) = self.core.upgrade() {
            core.kill(self.number);
        }
    }
}

/// A connection that ends with its receiver before it is made.
impl Dependent for Rc<AwaitedConnection> {
    fn is_over(&self) -> bool {
        self.made.get().is_some() || !self.is_wanted()
    }

    fn end(&self) {
        self.cancel();
    }
}

impl AwaitedConnection {
    /// Returns true if nobody has ended the connection yet.
    pub(in crate::object) fn is_wanted(&self) -> bool {
        !self.is_cancelled.get()
    }

    /// Ends the connection. Returns true if it was not ended before.
    pub(in crate::object) fn cancel(&self) -> bool {
        !self.is_cancelled.replace(true)
    }

    /// Takes note that the connection was made, or refused.
    pub(in crate::object) fn made_or_refused(&self, made: Option<MadeConnection>) {
        match made {
            Some(made) => {
                self.made.get_or_init(|| made);
            }
            None => self.is_cancelled.set(true),
        }
    }
}

impl Connection {
    pub(in crate::object) fn made(made: MadeConnection) -> Self {
        Self { to: To::Made(made) }
    }

    pub(in crate::object) fn awaited(awaited: Rc<AwaitedConnection>) -> Self {
        Self { to: To::NotMade(Some(awaited)) }
    }

    /// Returns the handle of a connection that was refused and never was open.
    pub(in crate::object) fn refused() -> Self {
        Self { to: To::NotMade(None) }
    }

    /// Returns true if the connection was made and has not ended since. If the sender was busy when
    /// it was connected, this returns true already before the sender is back and the connection
    /// takes effect.
    pub fn is_connected(&self) -> bool {
        match &self.to {
            To::Made(made) => made.is_open(),
            To::NotMade(None) => false,
            To::NotMade(Some(awaited)) => match awaited.made.get() {
                Some(made) => made.is_open(),
                None => awaited.is_wanted(),
            },
        }
    }

    /// Ends the connection. Returns true if it was still there.
    ///
    /// What was emitted before is still delivered, nothing that is emitted afterwards is. A queued
    /// call that was posted before still runs.
    pub fn disconnect(&self) -> bool {
        match &self.to {
            To::Made(made) => made.disconnect(),
            To::NotMade(None) => false,
            To::NotMade(Some(awaited)) => match awaited.made.get() {
                Some(made) => made.disconnect(),
                None => awaited.cancel(),
            },
        }
    }

    /// Returns a guard that ends the connection when it is dropped.
    pub fn scoped(self) -> ScopedConnection {
        ScopedConnection { connection: self }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_connected", &self.is_connected()).finish()
    }
}

/// A connection that ends when this guard is dropped.
///
/// ```
/// # use slotwire::prelude::*;
/// # #[derive(QObject, Default)]
/// # struct Door {
/// #     #[signal]
/// #     opened: Signal<u32>,
/// # }
/// # fn main() -> Result<(), slotwire::Error> {
/// # let mut rt = Runtime::new()?;
/// # let door = rt.add(Door::default());
/// let guard = rt.connect_fn(door, Door::opened, |_, key| println!("{key}")).scoped();
/// assert_eq!(rt[door].opened().receivers(), 1);
/// drop(guard);
/// assert_eq!(rt[door].opened().receivers(), 0);
/// # Ok(())
/// # }
/// ```
#[must_use = "the connection ends when the guard is dropped, which is now if it is not kept"]
#[derive(Debug)]
pub struct ScopedConnection {
    connection: Connection,
}

impl ScopedConnection {
    /// Gives up the guard and keeps the connection.
    pub fn release(mut self) -> Connection {
        std::mem::replace(&mut self.connection, Connection::refused())
    }
}

impl Drop for ScopedConnection {
    fn drop(&mut self) {
        self.connection.disconnect();
    }
}
