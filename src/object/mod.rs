//! Objects, signals and slots: the lowest floor, which knows no I/O and no clock.

mod anchor;
mod class;
mod connections;
mod context;
mod effects;
mod inspection;
mod store;
mod world;

pub use anchor::Anchor;
#[doc(hidden)]
pub use class::{
    AnySignal, Bare, ByReference, ByValue, CastTable, Occasion, PlaceMut, PlaceRef, Response,
    Returns, SignalCore, SignalOwner, SlotType,
};
pub use class::{
    MetaObject, MetaProperty, MetaSignal, MetaSlot, Obj, Outcome, QObject, Signal, Slot, SlotError,
    Target, Undelivered, Upcast,
};
pub use connections::{Connection, ConnectionType, ScopedConnection};
pub use context::Context;
pub use inspection::{ConnectionInfo, SignalSpy, Trace, TraceEntry};
pub use world::World;
pub use world::constructed::Constructed;
pub use world::name_pattern::NamePattern;
pub use world::property::{Property, PropertyError};
pub use world::signal_blocker::SignalBlocker;

pub(crate) use class::{ShortName, debug_as_text, nothing_as_text};
pub(crate) use connections::Dependent;
pub(crate) use effects::{Batch, ByType, KEPT, KeptCall, Meter, Origin};
#[doc(hidden)]
pub use store::ObjectKey;
pub(crate) use store::{RuntimeTag, TaskKey};
pub(crate) use world::wakeups::Wakeups;
