//! What a world tells of: errors that slots return, and what was not delivered.

use std::error::Error;
use std::panic::Location;

use super::World;
use crate::object::class::{OnSlotError, OnUndelivered, SlotError, Undelivered};

impl World {
    /// Sets the function that is called with the error when a slot returns one. The text of a
    /// [`SlotError`] names the slot, the class, the object and the reason.
    ///
    /// Without such a function, the error and the errors behind it are written to standard error,
    /// in one line.
    pub fn on_slot_error(&mut self, handler: impl FnMut(&mut World, SlotError) + 'static) {
        self.on_slot_error = Some(Box::new(handler));
    }

    /// Sets the function that is called when a call for later, or a connection, comes to nothing:
    ///
    /// - a call by [`later`](Self::later), [`invoke`](Self::invoke),
    ///   [`look_up_host_to`](Self::look_up_host_to), or by a [`Remote`](crate::Remote), whose
    ///   receiver is gone when the call is to be made;
    /// - a single shot for a receiver that is gone already;
    /// - a connection whose sender or receiver is gone already.
    ///
    /// All of these are ordinary where objects come and go. Without such a function nothing tells of
    /// them, except of a connection in a program that is built with debug assertions: it is written to
    /// standard error, with the line that wanted to connect. A program that misses a call finds the
    /// reason here. Connections and single shots that end with their object are not reported.
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// # #[derive(QObject, Default)]
    /// # struct Lamp { on: bool }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// rt.on_undelivered(|_, undelivered| eprintln!("{undelivered}"));
    /// let lamp = rt.add(Lamp::default());
    /// rt.destroy(lamp);
    /// rt.later(lamp, |lamp, _| lamp.on = true); // "… was not called: Obj<Lamp> 1v1 is gone"
    /// rt.deliver();
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_undelivered(&mut self, handler: impl FnMut(&mut World, Undelivered) + 'static) {
        self.on_undelivered = Some(Box::new(handler));
    }

    /// Calls the function for what was not delivered. If there is none, writes a connection that was
    /// not made to standard error, in a program with debug assertions.
    #[cold]
    #[track_caller]
    pub(super) fn report_unconnected(&mut self, undelivered: Undelivered) {
        if cfg!(debug_assertions) && self.on_undelivered.is_none() {
            eprintln!("slotwire: {}: {undelivered}", Location::caller());
        }
        self.report_undelivered(undelivered);
    }

    /// Calls the function for what was not delivered, if there is one.
    #[cold]
    pub(super) fn report_undelivered(&mut self, undelivered: Undelivered) {
        /// A handler that runs. When it returns or panics, it is put back, unless it set another.
        struct Running<'a> {
            world: &'a mut World,
            handler: OnUndelivered,
        }

        impl Drop for Running<'_> {
            fn drop(&mut self) {
                if self.world.on_undelivered.is_none() {
                    let nobody: OnUndelivered = Box::new(|_, _| ());
                    let handler = std::mem::replace(&mut self.handler, nobody);
                    self.world.on_undelivered = Some(handler);
                }
            }
        }

        let Some(handler) = self.on_undelivered.take() else { return };
        let mut running = Running { world: self, handler };
        (running.handler)(running.world, undelivered);
    }

    #[cold]
    pub(in crate::object) fn report_slot_error(&mut self, error: SlotError) {
        /// A handler that runs. When it returns or panics, it is put back, unless it set another.
        struct Running<'a> {
            world: &'a mut World,
            handler: Option<OnSlotError>,
        }

        impl Drop for Running<'_> {
            fn drop(&mut self) {
                if self.world.on_slot_error.is_none() {
                    self.world.on_slot_error = self.handler.take();
                }
            }
        }

        let handler = self.on_slot_error.take();
        let mut running = Running { world: self, handler };
        match &mut running.handler {
            Some(handler) => handler(running.world, error),
            None => eprintln!("slotwire: {}", chain(&error)),
        }
    }
}

/// Returns the text of an error, with those of the errors behind it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        text.push_str(": ");
        text.push_str(&error.to_string());
        behind = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io;

    use super::*;

    #[derive(Debug)]
    struct Outer(io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the list is not saved")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_line_for_standard_error_has_each_reason_once() {
        let full = || io::Error::other("the disk is full");
        assert_eq!(chain(&full()), "the disk is full");
        assert_eq!(chain(&Outer(full())), "the list is not saved: the disk is full");
        let poller = crate::Error::Poller(full());
        let text = "cannot create the event loop's poller: the disk is full";
        assert_eq!(chain(&poller), text);
        assert_eq!(chain(&io::Error::from(poller)), text);
    }
}
