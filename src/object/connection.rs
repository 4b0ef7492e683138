//! Connections: the handles by which they are asked for and ended.
//!
//! What a connection is made of is in `link.rs`.

use std::fmt;
use std::rc::{Rc, Weak};

use bitflags::bitflags;

use super::link::AnyLink;
use super::recorder::{Effect, Recorder};

bitflags! {
    /// How a connection delivers, and whether it is made at all.
    ///
    /// The values combine: `ConnectionType::QUEUED | ConnectionType::SINGLE_SHOT`.
    #[doc(alias = "Qt::ConnectionType")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ConnectionType: u8 {
        /// The slot runs when the method that emitted has returned. The default.
        #[doc(alias = "DirectConnection")]
        #[doc(alias = "AutoConnection")]
        const DIRECT = 0;
        /// The slot runs in a later turn of the event loop, after what was posted before.
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

/// A connection that was made, to end it or ask for it.
///
/// Dropping it changes nothing: the connection lives until the sender or the receiver is
/// destroyed, or it is disconnected. For one that ends with its owner, see [`Self::scoped`].
#[doc(alias = "QMetaObject::Connection")]
#[derive(Clone)]
pub struct Connection {
    link: Option<Weak<dyn AnyLink>>,
    recorder: Weak<Recorder>,
}

impl Connection {
    pub(super) fn new(link: &Rc<dyn AnyLink>, recorder: &Rc<Recorder>) -> Self {
        Self { link: Some(Rc::downgrade(link)), recorder: Rc::downgrade(recorder) }
    }

    /// The connection that was refused: it never was open.
    pub(super) fn refused() -> Self {
        Self { link: None, recorder: Weak::new() }
    }

    /// Says whether the connection was made and not ended since. If it was made while its sender was
    /// busy, it takes effect when that is back.
    pub fn is_connected(&self) -> bool {
        self.link().is_some_and(|link| link.is_open())
    }

    /// Ends the connection; says whether it was still there.
    ///
    /// Acts as written: what was emitted before is still delivered, nothing that is emitted
    /// afterwards is. A queued call that was posted already still runs.
    pub fn disconnect(&self) -> bool {
        match (self.link(), self.recorder.upgrade()) {
            (Some(link), Some(recorder)) => disconnect(&link, &recorder),
            _ => false,
        }
    }

    /// Turns this into a guard that disconnects when it is dropped.
    pub fn scoped(self) -> ScopedConnection {
        ScopedConnection { connection: self }
    }

    fn link(&self) -> Option<Rc<dyn AnyLink>> {
        self.link.as_ref()?.upgrade()
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
    /// Lets go of the guard and keeps the connection.
    pub fn release(mut self) -> Connection {
        std::mem::replace(&mut self.connection, Connection::refused())
    }
}

impl Drop for ScopedConnection {
    fn drop(&mut self) {
        self.connection.disconnect();
    }
}

/// Ends a connection after what was recorded before; says whether it was open.
pub(super) fn disconnect(link: &Rc<dyn AnyLink>, recorder: &Recorder) -> bool {
    if !link.is_open() {
        return false;
    }
    if recorder.is_idle() {
        link.kill();
    } else {
        link.head().doom();
        recorder.record(Effect::Disconnect(link.clone()));
    }
    true
}
