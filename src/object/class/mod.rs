//! Classes: what an object is, as programs write and name it.
//!
//! The trait of all classes, the handles to their objects, their signals and slots, reflection, and
//! the occasions for which an object is woken. This folder imports the context and the world, which
//! the trait and its methods name, and otherwise only what is below these three.

mod handle;
mod meta_object;
mod occasion;
mod place;
mod qobject;
mod signal;
mod slot;
mod slot_error;
mod undelivered;

pub use handle::{CastTable, Obj, Target, Upcast};
pub use meta_object::{MetaObject, MetaProperty, MetaSignal, MetaSlot};
pub use occasion::{Occasion, Response};
pub use place::{PlaceMut, PlaceRef};
pub use qobject::QObject;
pub use signal::{AnySignal, Signal, SignalCore, SignalOwner};
pub use slot::{Bare, ByReference, ByValue, Outcome, Returns, Slot};
pub use slot_error::{SlotError, SlotType};
pub use undelivered::Undelivered;

pub(crate) use handle::ShortName;
pub(in crate::object) use handle::Shown;
pub(in crate::object) use meta_object::each_signal;
pub(crate) use meta_object::{debug_as_text, nothing_as_text};
pub(in crate::object) use occasion::Rest;
pub(in crate::object) use place::ObjectPlace;
pub(in crate::object) use slot_error::OnSlotError;
pub(in crate::object) use undelivered::OnUndelivered;
