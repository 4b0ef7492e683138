//! The signal spy: what a test listens with.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::object::class::{Obj, Signal, Target};
use crate::object::connections::{Connection, ScopedConnection};
use crate::object::world::World;

/// Remembers what a signal was emitted with, until it is dropped.
///
/// Made by [`World::spy`].
#[doc(alias = "QSignalSpy")]
#[must_use = "a spy hears nothing any more when it is dropped"]
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

    /// Takes what was heard since the last time, in order.
    pub fn take(&self) -> Vec<A> {
        self.heard.take()
    }

    /// Returns how many emissions were heard since the last [`take`](Self::take).
    #[doc(alias = "count")]
    pub fn len(&self) -> usize {
        self.heard.borrow().len()
    }

    /// Returns true if nothing was heard since the last [`take`](Self::take).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the spying before the spy is dropped; what was heard stays.
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
    /// Listens to a signal and remembers what it carries.
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
