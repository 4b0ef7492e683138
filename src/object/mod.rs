//! Objects, signals and slots: the ground floor, which knows no I/O and no clock.

mod anchor;
mod audience;
mod class;
mod connect;
mod connect_own;
mod connection;
mod context;
mod delivery;
mod destroy;
mod disconnect;
mod dump;
mod emitter;
mod handle;
mod insert;
mod lend;
mod link;
mod meta;
mod node;
mod property;
mod recorder;
mod shelf;
mod signal;
mod slot;
mod spy;
mod trace;
mod tracer;
mod tree;
mod waiting;
mod world;

pub use anchor::Anchor;
pub use class::QObject;
pub use connection::{Connection, ConnectionType, ScopedConnection};
pub use context::Context;
pub use dump::ConnectionInfo;
#[doc(hidden)]
pub use handle::CastTable;
pub use handle::{Obj, Target, Upcast};
pub use meta::{MetaObject, MetaProperty, MetaSignal, MetaSlot};
pub use property::{Property, PropertyError};
#[doc(hidden)]
pub use shelf::{Stand, StandMut};
pub use signal::Signal;
#[doc(hidden)]
pub use signal::{AnySignal, SignalCore, SignalOwner};
#[doc(hidden)]
pub use slot::{Bare, ByReference, ByValue, Returns};
pub use slot::{Outcome, Slot, SlotError};
pub use spy::SignalSpy;
pub use trace::{Trace, TraceEntry};
pub use world::World;

pub(crate) use anchor::Stepper;
pub(crate) use delivery::{Meter, Origin};
pub(crate) use handle::ObjectKey;
pub(crate) use link::Dependent;
pub(crate) use meta::{debug_as_text, nothing_as_text};
