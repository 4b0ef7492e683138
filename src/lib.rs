//! slotwire: Qt's objects, signals, slots and sockets, in Rust.

// The macros write `::slotwire`, also for the classes in here.
extern crate self as slotwire;

pub mod event_loop;
pub mod object;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod error;
mod macros;

pub use error::Error;
pub use event_loop::Runtime;
pub use object::{
    Connection, ConnectionType, Context, MetaObject, MetaProperty, MetaSignal, MetaSlot, Obj,
    Property, QObject, ScopedConnection, Signal, SignalSpy, SlotError, World,
};

pub use macros::{QObject, slot, slots};

/// Everything that most programs need: `use slotwire::prelude::*;`
pub mod prelude {
    pub use crate::{
        Connection, ConnectionType, Context, Obj, Property, QObject, Runtime, ScopedConnection,
        Signal, World, slot, slots,
    };
}
