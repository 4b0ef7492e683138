//! slotwire: Qt's objects, signals, slots and sockets, in Rust.

pub mod event_loop;
pub mod object;

mod error;

pub use error::Error;
pub use event_loop::Runtime;
pub use object::{
    Connection, ConnectionType, Context, MetaObject, MetaProperty, MetaSignal, MetaSlot, Obj,
    Property, QObject, ScopedConnection, Signal, SignalSpy, SlotError, World,
};

/// Everything that most programs need: `use slotwire::prelude::*;`
pub mod prelude {
    pub use crate::{
        Connection, ConnectionType, Context, Obj, Property, QObject, Runtime, ScopedConnection,
        Signal, World,
    };
}
