//! The places of objects, with their classes forgotten.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use qcell::QCell;

use super::meta_object::MetaObject;
use super::occasion::{Occasion, Response};
use super::qobject::QObject;
use crate::object::store::{Keyring, Life, Place};

/// The place of an object, with its class forgotten.
pub(in crate::object) trait ObjectPlace: Any {
    fn life(&self) -> Life;

    fn set_life(&self, life: Life);

    /// Returns the description of the object's class, also while the object is not there.
    fn meta(&self) -> &'static MetaObject;

    /// Returns the object, if it is there.
    fn object<'a>(&'a self, keyring: &'a Keyring) -> Option<&'a dyn QObject>;

    /// Returns the object mutably, if it is there.
    fn object_mut<'a>(&'a self, keyring: &'a mut Keyring) -> Option<&'a mut dyn QObject>;

    /// Wakes the object, if it is there. Returns the object's response.
    fn wake(&self, keyring: &mut Keyring, occasion: Occasion) -> Response;

    /// Makes the object, if it is there, take its last steps. From now on the object is being
    /// destroyed.
    fn leave(&self, keyring: &mut Keyring);

    /// Takes the object out, if it is there, and for good.
    fn end(self: Rc<Self>, keyring: &mut Keyring) -> Option<Box<dyn QObject>>;

    /// Returns the cell, for borrowing two objects mutably at once.
    fn cell(&self) -> &QCell<dyn Content>;

    /// Takes the object out, if it is there: for good, or until it is given back.
    fn take(&self, keyring: &mut Keyring) -> Option<Box<dyn QObject>>;

    /// Puts the object back.
    fn give_back(&self, keyring: &mut Keyring, object: Box<dyn QObject>);

    /// Moves the object to a new place.
    fn move_out(&self, keyring: &mut Keyring) -> Rc<dyn ObjectPlace>;
}

/// What a place holds, with the object's class forgotten.
pub(in crate::object) trait Content {
    /// Returns the object mutably, if it is there.
    fn object_mut(&mut self) -> Option<&mut dyn QObject>;
}

impl<T: QObject> Content for Option<Box<T>> {
    fn object_mut(&mut self) -> Option<&mut dyn QObject> {
        self.as_deref_mut().map(|object| object as _)
    }
}

impl<T: QObject> ObjectPlace for Place<T> {
    fn life(&self) -> Life {
        Place::life(self)
    }

    fn set_life(&self, life: Life) {
        Place::set_life(self, life);
    }

    fn meta(&self) -> &'static MetaObject {
        T::static_meta_object()
    }

    fn object<'a>(&'a self, keyring: &'a Keyring) -> Option<&'a dyn QObject> {
        self.get(keyring).map(|object| object as _)
    }

    fn object_mut<'a>(&'a self, keyring: &'a mut Keyring) -> Option<&'a mut dyn QObject> {
        self.get_mut(keyring).map(|object| object as _)
    }

    fn wake(&self, keyring: &mut Keyring, occasion: Occasion) -> Response {
        match self.get_mut(keyring) {
            Some(object) => object.wake_up(occasion),
            None => {
                debug_assert!(Place::life(self) != Life::Alive, "a method has the object");
                Response::DONE
            }
        }
    }

    fn leave(&self, keyring: &mut Keyring) {
        Place::set_life(self, Life::Leaving);
        if let Some(object) = self.get_mut(keyring) {
            object.leave_runtime();
        }
    }

    fn end(self: Rc<Self>, keyring: &mut Keyring) -> Option<Box<dyn QObject>> {
        Place::set_life(&self, Life::Gone);
        ObjectPlace::take(&*self, keyring)
    }

    fn cell(&self) -> &QCell<dyn Content> {
        Place::cell(self)
    }

    fn take(&self, keyring: &mut Keyring) -> Option<Box<dyn QObject>> {
        self.clear(keyring).map(|object| object as _)
    }

    fn give_back(&self, keyring: &mut Keyring, object: Box<dyn QObject>) {
        let object: Box<dyn Any> = object;
        match object.downcast() {
            Ok(object) => self.fill(keyring, object),
            Err(_) => debug_assert!(false, "an object came back to another's place"),
        }
    }

    fn move_out(&self, keyring: &mut Keyring) -> Rc<dyn ObjectPlace> {
        Rc::new(Place::move_out(self, keyring))
    }
}

/// A place, and the keyring that opens it for reading.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct PlaceRef<'a> {
    place: &'a dyn ObjectPlace,
    keyring: &'a Keyring,
}

impl<'a> PlaceRef<'a> {
    #[inline]
    pub(in crate::object) fn new((place, keyring): (&'a dyn ObjectPlace, &'a Keyring)) -> Self {
        Self { place, keyring }
    }

    /// Returns the object, if it is there.
    pub(super) fn object(self) -> Option<&'a dyn QObject> {
        self.place.object(self.keyring)
    }

    /// Returns the object, if it is there. The outer `None` means that the object's class is not
    /// exactly `T`.
    #[inline]
    pub(super) fn exactly<T: QObject>(self) -> Option<Option<&'a T>> {
        let place: &Place<T> = (self.place as &dyn Any).downcast_ref()?;
        Some(place.get(self.keyring))
    }
}

/// A place, and the keyring that opens it mutably.
#[doc(hidden)]
pub struct PlaceMut<'a> {
    place: &'a dyn ObjectPlace,
    keyring: &'a mut Keyring,
}

impl<'a> PlaceMut<'a> {
    #[inline]
    pub(in crate::object) fn new((place, keyring): (&'a dyn ObjectPlace, &'a mut Keyring)) -> Self {
        Self { place, keyring }
    }

    /// Returns the object, if it is there.
    pub(super) fn into_object(self) -> Option<&'a mut dyn QObject> {
        self.place.object_mut(self.keyring)
    }

    /// Returns the object mutably, if it is there. The outer `Err` means that the object's class is
    /// not exactly `T`.
    #[inline]
    pub(super) fn into_exactly<T: QObject>(self) -> Result<Option<&'a mut T>, Self> {
        match (self.place as &dyn Any).downcast_ref::<Place<T>>() {
            Some(place) => Ok(place.get_mut(self.keyring)),
            None => Err(self),
        }
    }
}

impl fmt::Debug for PlaceMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaceMut").finish_non_exhaustive()
    }
}

impl fmt::Debug for PlaceRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaceRef").finish_non_exhaustive()
    }
}
