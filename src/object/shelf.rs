//! The shelf: where an object stands while none of its methods runs.
//!
//! Whoever has the world may look at what stands on a shelf, or take it down for the length of a
//! call. The arena holds every object's shelf. A connection holds its receiver's, with the class
//! known, so that calling a slot looks nothing up and checks no type.
//!
//! What stands there is in a [`QCell`]: reading and writing it goes through the world's owner, so
//! the compiler sees that nobody looks at an object while somebody else changes it.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use qcell::{QCell, QCellOwner};

use super::class::QObject;
use super::handle::ObjectKey;
use super::meta::MetaObject;

/// The place of one object of class `T`.
pub(super) struct Shelf<T> {
    label: Label,
    place: QCell<Place<T>>,
}

/// What is known of an object wherever it is.
pub(super) struct Label {
    pub(super) key: ObjectKey,
    pub(super) life: Cell<Life>,
    /// Something waits for the object to come back from its method.
    pub(super) awaited: Cell<bool>,
}

/// How far an object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Its constructor runs.
    Begun,
    /// It is like any other.
    Alive,
    /// It is being destroyed.
    Dying,
}

/// Holds the object, unless it is with a method, not constructed yet, or gone.
struct Place<T>(Option<Box<T>>);

impl<T: QObject> Shelf<T> {
    /// An empty shelf, for an object to come.
    pub(super) fn new(key: ObjectKey, owner: &QCellOwner) -> Rc<Self> {
        let (life, awaited) = (Cell::new(Life::Begun), Cell::new(false));
        let label = Label { key, life, awaited };
        Rc::new(Self { label, place: QCell::new(owner, Place(None)) })
    }
}

/// What objects can be taken from and put back to.
pub(super) trait Lender {
    /// How an object travels.
    type Object;

    fn label(&self) -> &Label;

    /// Takes the object down, if it is there.
    fn take(&self, owner: &mut QCellOwner) -> Option<Self::Object>;

    /// Puts the object back.
    fn put(&self, owner: &mut QCellOwner, object: Self::Object);
}

impl<T: QObject> Lender for Shelf<T> {
    type Object = Box<T>;

    #[inline]
    fn label(&self) -> &Label {
        &self.label
    }

    #[inline]
    fn take(&self, owner: &mut QCellOwner) -> Option<Box<T>> {
        self.place.rw(owner).0.take()
    }

    #[inline]
    fn put(&self, owner: &mut QCellOwner, object: Box<T>) {
        let empty = self.place.rw(owner).0.replace(object);
        debug_assert!(empty.is_none(), "an object came back twice");
        // There is nothing to drop, which the compiler cannot know.
        std::mem::forget(empty);
    }
}

/// A shelf with its object's class forgotten.
pub(super) trait AnyShelf: Any {
    fn label(&self) -> &Label;

    /// What is known of the object's class, be the object there or not.
    fn meta(&self) -> &'static MetaObject;

    /// The place itself, for looking at two objects at once.
    fn place(&self) -> &QCell<dyn AnyPlace>;

    /// The object, if it is there.
    fn object<'a>(&'a self, owner: &'a QCellOwner) -> Option<&'a dyn QObject>;

    fn take(&self, owner: &mut QCellOwner) -> Option<Box<dyn QObject>>;

    fn put(&self, owner: &mut QCellOwner, object: Box<dyn QObject>);
}

impl<T: QObject> AnyShelf for Shelf<T> {
    fn label(&self) -> &Label {
        &self.label
    }

    fn meta(&self) -> &'static MetaObject {
        T::static_meta_object()
    }

    fn place(&self) -> &QCell<dyn AnyPlace> {
        &self.place
    }

    fn object<'a>(&'a self, owner: &'a QCellOwner) -> Option<&'a dyn QObject> {
        self.place.ro(owner).0.as_deref().map(|object| object as _)
    }

    fn take(&self, owner: &mut QCellOwner) -> Option<Box<dyn QObject>> {
        Lender::take(self, owner).map(|object| object as _)
    }

    fn put(&self, owner: &mut QCellOwner, object: Box<dyn QObject>) {
        let object: Box<dyn Any> = object;
        match object.downcast() {
            Ok(object) => Lender::put(self, owner, object),
            Err(_) => debug_assert!(false, "an object came back to another's shelf"),
        }
    }
}

impl Lender for dyn AnyShelf {
    type Object = Box<dyn QObject>;

    fn label(&self) -> &Label {
        AnyShelf::label(self)
    }

    fn take(&self, owner: &mut QCellOwner) -> Option<Box<dyn QObject>> {
        AnyShelf::take(self, owner)
    }

    fn put(&self, owner: &mut QCellOwner, object: Box<dyn QObject>) {
        AnyShelf::put(self, owner, object);
    }
}

/// A place with its object's class forgotten.
pub(super) trait AnyPlace {
    /// The object for a change, if it is there.
    fn object_mut(&mut self) -> Option<&mut dyn QObject>;
}

impl<T: QObject> AnyPlace for Place<T> {
    fn object_mut(&mut self) -> Option<&mut dyn QObject> {
        self.0.as_deref_mut().map(|object| object as _)
    }
}

/// A shelf and the key to it, for a look.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Stand<'a> {
    shelf: &'a dyn AnyShelf,
    owner: &'a QCellOwner,
}

impl<'a> Stand<'a> {
    #[inline]
    pub(super) fn new(shelf: &'a dyn AnyShelf, owner: &'a QCellOwner) -> Self {
        Self { shelf, owner }
    }

    /// The object, if it is there.
    pub(super) fn object(self) -> Option<&'a dyn QObject> {
        self.shelf.object(self.owner)
    }

    /// The place of an object that is a `T` and not only extends one; in it, the object if it is
    /// there.
    #[inline]
    pub(super) fn exactly<T: QObject>(self) -> Option<Option<&'a T>> {
        let shelf: &Shelf<T> = (self.shelf as &dyn Any).downcast_ref()?;
        Some(shelf.place.ro(self.owner).0.as_deref())
    }
}

/// A shelf and the key to it, for a change.
#[doc(hidden)]
pub struct StandMut<'a> {
    shelf: &'a dyn AnyShelf,
    owner: &'a mut QCellOwner,
}

impl<'a> StandMut<'a> {
    #[inline]
    pub(super) fn new(shelf: &'a dyn AnyShelf, owner: &'a mut QCellOwner) -> Self {
        Self { shelf, owner }
    }

    /// The object, if it is there.
    pub(super) fn into_object(self) -> Option<&'a mut dyn QObject> {
        self.shelf.place().rw(self.owner).object_mut()
    }

    /// The place of an object that is a `T` and not only extends one; in it, the object if it is
    /// there.
    #[inline]
    pub(super) fn into_exactly<T: QObject>(self) -> Result<Option<&'a mut T>, Self> {
        match (self.shelf as &dyn Any).downcast_ref::<Shelf<T>>() {
            Some(shelf) => Ok(shelf.place.rw(self.owner).0.as_deref_mut()),
            None => Err(self),
        }
    }
}

impl fmt::Debug for StandMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandMut").finish_non_exhaustive()
    }
}

impl fmt::Debug for Stand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stand").finish_non_exhaustive()
    }
}
