//! Objects, signals and slots: the lowest floor, which knows no I/O and no clock.

mod anchor;
mod any_core;
mod arena;
mod by_type;
mod call;
mod class;
mod connect;
mod connect_own;
mod connection;
mod connection_kinds;
mod context;
mod core;
mod delivery;
mod dependent;
mod destroy;
mod disconnect;
mod effect;
mod emitter;
mod ends;
mod entry;
mod family;
mod handle;
mod insert;
mod inspection;
mod key;
mod lease;
mod link;
mod meta;
mod node;
mod observer;
mod occasion;
mod place;
mod property;
mod queue;
mod signal;
mod slot;
mod tree;
mod turn_budget;
mod waiting;
mod wakeups;
mod world;

pub use anchor::Anchor;
pub use class::QObject;
pub use connection::{Connection, ConnectionType, ScopedConnection};
pub use context::Context;
#[doc(hidden)]
pub use handle::CastTable;
pub use handle::{Obj, Target, Upcast};
pub use inspection::{ConnectionInfo, SignalSpy, Trace, TraceEntry};
pub use meta::{MetaObject, MetaProperty, MetaSignal, MetaSlot};
#[doc(hidden)]
pub use occasion::{Occasion, Response};
#[doc(hidden)]
pub use place::{PlaceMut, PlaceRef};
pub use property::{Property, PropertyError};
pub use signal::Signal;
#[doc(hidden)]
pub use signal::{AnySignal, SignalCore, SignalOwner};
#[doc(hidden)]
pub use slot::{Bare, ByReference, ByValue, Returns};
pub use slot::{Outcome, Slot, SlotError};
pub use world::World;

pub(crate) use by_type::{ByType, KEPT};
pub(crate) use call::KeptCall;
pub(crate) use dependent::Dependent;
pub(crate) use key::ObjectKey;
pub(crate) use meta::{debug_as_text, nothing_as_text};
pub(crate) use turn_budget::{Meter, Origin};
pub(crate) use wakeups::Wakeups;
