//! The signal spy: remembers emissions for a test.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::object::class::{Obj, Signal, Target};
use crate::object::connections::{Connection, ScopedConnection};
use crate::object::world::World;

/// Remembers the arguments with which a signal is emitted, until the spy is dropped.
///
/// [`World::spy`] makes one.
#[doc(alias = "QSignalSpy")]
#[must_use = "a spy remembers nothing after it is dropped"]
pub struct SignalSpy<A> {
    heard: Rc<RefCell<Vec<A>>>,
    connection: ScopedConnection,
}

impl<A> SignalSpy<A> {
    fn new(connect: impl FnOnce(Rc<RefCell<Vec<A>>>) -> Connection) -> Self {
        let heard = Rc::default();
        let connection = connect(Rc::clone(&heard)).scoped();
        Self { heard, connection }
    }

    /// Takes the arguments of the emissions since the last [`take`](Self::take), in order.
    pub fn take(&self) -> Vec<A> {
        self.heard.take()
    }

    /// Returns the number of emissions since the last [`take`](Self::take).
    #[doc(alias = "count")]
    pub fn len(&self) -> usize {
        self.heard.borrow().len()
    }

    /// Returns true if there was no emission since the last [`take`](Self::take).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the spy, and returns what it still has.
    pub fn stop(self) -> Vec<A> {
        drop(self.connection);
        self.heard.take()
    }
}

impl<A: fmt::Debug> fmt::Debug for SignalSpy<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.heard.borrow().iter()).finish()
    }
}

impl World {
    /// Remembers the arguments with which a signal is emitted.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject, Default)]
    /// # struct Door { #[signal] opened: Signal<u32> }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// # let door = rt.add(Door::default());
    /// let spy = rt.spy(door, Door::opened);
    /// rt.emit(door, Door::opened, 1);
    /// rt.emit(door, Door::opened, 2);
    /// assert_eq!(spy.take(), [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn spy<S: ?Sized + Target, A: Clone + 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> SignalSpy<A> {
        SignalSpy::new(|heard| {
            self.connect_fn(sender, signal, move |_, argument| {
                heard.borrow_mut().push(argument.clone());
            })
        })
    }
}
