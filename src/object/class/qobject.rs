//! The trait of all classes.
//!
//! A class is a plain struct that says what it is (its [`MetaObject`]) and, if it needs to, takes
//! part in the moments of its life: it enters a runtime, is wired, is woken, and leaves. The derive
//! macro writes all of it.

use std::any::Any;

use super::handle::Target;
use super::meta_object::MetaObject;
use super::occasion::{Occasion, Response};
use crate::object::anchor::Anchor;
use crate::object::context::Context;

/// A class of objects that live in a runtime.
///
/// Mostly written by `#[derive(QObject)]`. By hand it takes two lines, since everything else has a
/// default:
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
    note = "write `#[derive(QObject)]` above `struct {Self}`"
)]
#[doc(alias = "Q_OBJECT")]
pub trait QObject: Any {
    /// Returns what is known of the class at compile time.
    #[doc(alias = "staticMetaObject")]
    fn static_meta_object() -> &'static MetaObject
    where
        Self: Sized;

    /// Returns what is known of this object's class at compile time.
    #[doc(alias = "metaObject")]
    fn meta_object(&self) -> &'static MetaObject;

    /// Returns the object of the class that this one embeds and extends, if it does.
    ///
    /// That class stands for C++'s base class: a handle to the outer object can be used where one
    /// to the inner class is asked for.
    fn base(&self) -> Option<&dyn QObject> {
        None
    }

    /// Returns the object of the class that this one embeds and extends, mutably.
    fn base_mut(&mut self) -> Option<&mut dyn QObject> {
        None
    }

    /// Enters the runtime: takes what the object needs of it, once it has its handle there.
    ///
    /// The default passes the anchor on to the [base](Self::base).
    fn enter_runtime(&mut self, anchor: &Anchor<'_>) {
        if let Some(base) = self.base_mut() {
            base.enter_runtime(anchor);
        }
    }

    /// Connects what the class declares with `#[slot(field.signal)]`; runs once, on insertion.
    fn wired(&mut self, cx: &mut Context<'_, Self>)
    where
        Self: Sized,
    {
        let _ = cx;
    }

    /// Leaves the runtime: does the object's last steps. What it emits here is still delivered
    /// before [`destroyed`](crate::World::connect_destroyed) is.
    ///
    /// The default passes the call on to the [base](Self::base).
    fn leave_runtime(&mut self) {
        if let Some(base) = self.base_mut() {
            base.leave_runtime();
        }
    }

    /// Is woken by the runtime, between methods. For the library's own classes alone: nobody else's
    /// objects ask to be woken.
    ///
    /// The default passes the call on to the [base](Self::base).
    #[doc(hidden)]
    fn wake_up(&mut self, occasion: Occasion) -> Response {
        self.base_mut().map_or(Response::DONE, |base| base.wake_up(occasion))
    }

    /// Returns `object` as one of this class, or as the one of this class that it extends, for a
    /// change.
    ///
    /// # Panics
    ///
    /// Panics as [`cast`](Self::cast) does.
    #[track_caller]
    fn cast_mut(object: &mut dyn QObject) -> &mut Self
    where
        Self: Sized,
    {
        let class = object.meta_object().class_name();
        Self::project_mut(object, ()).unwrap_or_else(|| {
            panic!("a {class} was taken for a {}", Self::static_meta_object().class_name())
        })
    }

    /// Returns `object` as one of this class, or as the one of this class that it extends.
    ///
    /// # Panics
    ///
    /// Panics if it is of another class. Meant for the functions in a hand-written
    /// [`MetaObject`], which only ever see objects of their own class.
    #[track_caller]
    fn cast(object: &dyn QObject) -> &Self
    where
        Self: Sized,
    {
        Self::project(object, ()).unwrap_or_else(|| {
            panic!(
                "a {} was taken for a {}",
                object.meta_object().class_name(),
                Self::static_meta_object().class_name()
            )
        })
    }
}
