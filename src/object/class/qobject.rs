//! The trait of all classes.
//!
//! A class is a plain struct with a [`MetaObject`]. If it needs to, it takes part in the moments of
//! an object's life: the object enters a runtime, its slots are connected, it is woken, it leaves.
//! The derive macro writes all of it.

use std::any::Any;

use super::handle::Target;
use super::meta_object::MetaObject;
use super::occasion::{Occasion, Response};
use crate::object::anchor::Anchor;
use crate::object::context::Context;

/// A class of objects that live in a runtime.
///
/// In most cases `#[derive(QObject)]` writes it. By hand, two methods are enough, since all others
/// have a default:
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::{MetaObject, MetaSignal};
///
/// struct Bell {
///     rung: Signal<u8>,
/// }
///
/// impl Bell {
///     fn rung(&self) -> &Signal<u8> {
///         &self.rung
///     }
/// }
///
/// static BELL: MetaObject =
///     MetaObject::new("Bell").with_signals(&[MetaSignal::new("rung", "u8", |bell, visit| {
///         visit(&Bell::cast(bell).rung)
///     })]);
///
/// impl QObject for Bell {
///     fn static_meta_object() -> &'static MetaObject {
///         &BELL
///     }
///     fn meta_object(&self) -> &'static MetaObject {
///         &BELL
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let bell = rt.add(Bell { rung: Signal::new() });
/// let spy = rt.spy(bell, Bell::rung);
/// rt.emit(bell, Bell::rung, 3);
/// assert_eq!(spy.take(), [3]);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an object class",
    label = "not a `QObject`",
    note = "write `#[derive(QObject)]` above the struct",
    note = "a constructor that takes a context goes to `add_with`, without brackets: \
            `rt.add_with(Class::new)`"
)]
#[doc(alias = "Q_OBJECT")]
pub trait QObject: Any {
    /// Returns the description of the class.
    #[doc(alias = "staticMetaObject")]
    fn static_meta_object() -> &'static MetaObject
    where
        Self: Sized;

    /// Returns the description of this object's class.
    #[doc(alias = "metaObject")]
    fn meta_object(&self) -> &'static MetaObject;

    /// Returns the object of the class that this one embeds and extends, if there is one.
    ///
    /// That class takes the place of a base class in C++: a handle to the outer object upcasts to a
    /// handle to the inner class.
    fn base(&self) -> Option<&dyn QObject> {
        None
    }

    /// Returns the object of the class that this one embeds and extends, mutably, if there is one.
    fn base_mut(&mut self) -> Option<&mut dyn QObject> {
        None
    }

    /// Enters the runtime. The object has its handle from now on, and takes what it needs of the
    /// runtime.
    ///
    /// The default passes the anchor on to the [base](Self::base).
    fn enter_runtime(&mut self, anchor: &Anchor<'_>) {
        if let Some(base) = self.base_mut() {
            base.enter_runtime(anchor);
        }
    }

    /// Connects the slots that the class declares with `#[slot(field.signal)]`. Runs once, on
    /// insertion.
    fn wired(&mut self, cx: &mut Context<'_, Self>)
    where
        Self: Sized,
    {
        let _ = cx;
    }

    /// Leaves the runtime: the object takes its last steps. What the object emits here is still
    /// delivered, before [`destroyed`](crate::World::connect_destroyed) is emitted.
    ///
    /// The default passes the call on to the [base](Self::base).
    fn leave_runtime(&mut self) {
        if let Some(base) = self.base_mut() {
            base.leave_runtime();
        }
    }

    /// Wakes the object, between methods. For the library's own classes alone: only their objects
    /// ask to be woken.
    ///
    /// The default passes the call on to the [base](Self::base).
    #[doc(hidden)]
    fn wake_up(&mut self, occasion: Occasion) -> Response {
        self.base_mut().map_or(Response::DONE, |base| base.wake_up(occasion))
    }

    /// Returns `object`, or the object that it embeds, as one of this class, mutably.
    ///
    /// # Panics
    ///
    /// Panics as [`cast`](Self::cast) does.
    #[track_caller]
    fn cast_mut(object: &mut dyn QObject) -> &mut Self
    where
        Self: Sized,
    {
        let class = object.meta_object().short_name();
        Self::project_mut(object, ()).unwrap_or_else(|| {
            panic!("a {class} was taken for a {}", Self::static_meta_object().short_name())
        })
    }

    /// Returns `object`, or the object that it embeds, as one of this class.
    ///
    /// # Panics
    ///
    /// Panics if neither is of this class. Meant for the functions in a hand-written
    /// [`MetaObject`], which only get objects of their own class.
    #[track_caller]
    fn cast(object: &dyn QObject) -> &Self
    where
        Self: Sized,
    {
        Self::project(object, ()).unwrap_or_else(|| {
            panic!(
                "a {} was taken for a {}",
                object.meta_object().short_name(),
                Self::static_meta_object().short_name()
            )
        })
    }
}
