//! Handles: how one object refers to another.
//!
//! A handle is a number with a generation and the tag of its runtime. A handle can become stale,
//! and it can be taken to the wrong runtime. It keeps one promise in both cases: it never reaches
//! an object other than the one for which it was made.

use std::any::{Any, type_name};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use super::meta_object::MetaObject;
use super::place::{PlaceMut, PlaceRef};
use super::qobject::QObject;
use crate::object::store::{Number, ObjectKey, RuntimeTag};

/// What a handle can refer to: a class, or a trait that classes implement.
///
/// Implemented for every [`QObject`] class, for `dyn QObject`, and for each trait that is passed to
/// [`object_trait!`](crate::object_trait).
pub trait Target: 'static {
    /// What a handle carries, in addition to the key, to get from the object to this type.
    type Cast: Copy + Send + Sync + 'static;

    /// Returns `object` as this type, or `None` if the object is of another class.
    fn project(object: &dyn QObject, cast: Self::Cast) -> Option<&Self>;

    /// Returns `object` as this type, mutably, or `None` if the object is of another class.
    fn project_mut(object: &mut dyn QObject, cast: Self::Cast) -> Option<&mut Self>;

    /// Returns the object in a place as this type, if there is one.
    #[doc(hidden)]
    #[inline]
    fn look(place: PlaceRef<'_>, cast: Self::Cast) -> Option<&Self> {
        Self::project(place.object()?, cast)
    }

    /// Returns the object in a place as this type, mutably, if there is one.
    #[doc(hidden)]
    #[inline]
    fn look_mut(place: PlaceMut<'_>, cast: Self::Cast) -> Option<&mut Self> {
        Self::project_mut(place.into_object()?, cast)
    }

    /// Returns true if objects of a class can be seen as this type. Called only for an object that
    /// is not in its place.
    #[doc(hidden)]
    fn fits(class: &MetaObject) -> bool {
        let _ = class;
        true
    }
}

impl<T: QObject> Target for T {
    type Cast = ();

    #[inline]
    fn project(object: &dyn QObject, (): ()) -> Option<&Self> {
        let any: &dyn Any = object;
        match any.downcast_ref() {
            found @ Some(_) => found,
            None => Self::project(object.base()?, ()),
        }
    }

    #[inline]
    fn look(place: PlaceRef<'_>, (): ()) -> Option<&Self> {
        // In most cases the object is of exactly this class: then one check is enough.
        match place.exactly() {
            Some(object) => object,
            None => look_at_base(place),
        }
    }

    #[inline]
    fn look_mut(place: PlaceMut<'_>, (): ()) -> Option<&mut Self> {
        match place.into_exactly() {
            Ok(object) => object,
            Err(place) => look_at_base_mut(place),
        }
    }

    fn fits(class: &MetaObject) -> bool {
        class.inherits(Self::static_meta_object())
    }

    #[inline]
    fn project_mut(object: &mut dyn QObject, (): ()) -> Option<&mut Self> {
        if (object as &dyn Any).is::<Self>() {
            (object as &mut dyn Any).downcast_mut()
        } else {
            Self::project_mut(object.base_mut()?, ())
        }
    }
}

/// Returns the object of class `T` that the object in a place extends. A function of its own, to
/// keep the common path short.
#[inline(never)]
fn look_at_base<T: QObject>(place: PlaceRef<'_>) -> Option<&T> {
    T::project(place.object()?, ())
}

/// Returns the object of class `T` that the object in a place extends, mutably.
#[inline(never)]
fn look_at_base_mut<T: QObject>(place: PlaceMut<'_>) -> Option<&mut T> {
    T::project_mut(place.into_object()?, ())
}

impl Target for dyn QObject {
    type Cast = ();

    fn project(object: &dyn QObject, (): ()) -> Option<&Self> {
        Some(object)
    }

    fn project_mut(object: &mut dyn QObject, (): ()) -> Option<&mut Self> {
        Some(object)
    }
}

/// The two projections from an object of a known class to a trait.
///
/// An `Obj<dyn Trait>` carries one, which [`object_trait!`](crate::object_trait) makes.
#[doc(hidden)]
pub struct CastTable<D: ?Sized> {
    /// Returns the object as the trait.
    pub shared: fn(&dyn QObject) -> Option<&D>,
    /// Returns the object as the trait, mutably.
    pub exclusive: fn(&mut dyn QObject) -> Option<&mut D>,
}

impl<D: ?Sized> fmt::Debug for CastTable<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CastTable").finish_non_exhaustive()
    }
}

/// Allows a handle to `T` to become a handle to `Self`, a trait object type.
///
/// [`object_trait!`](crate::object_trait) implements it for every class that implements the trait.
pub trait Upcast<T: ?Sized>: Target {
    /// What a handle carries to see a `T` as this type.
    const CAST: Self::Cast;
}

impl<T: ?Sized + Target> Upcast<T> for dyn QObject {
    const CAST: () = ();
}

/// Makes handles to a trait possible: after `object_trait!(Shape)`, `Obj<dyn Shape>` is a type.
///
/// The trait needs [`QObject`] as a supertrait.
///
/// ```
/// use slotwire::prelude::*;
///
/// trait Shape: QObject {
///     fn area(&self) -> f64;
/// }
/// slotwire::object_trait!(Shape);
///
/// #[derive(QObject)]
/// struct Square {
///     side: f64,
/// }
///
/// impl Shape for Square {
///     fn area(&self) -> f64 {
///         self.side * self.side
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let shape: Obj<dyn Shape> = rt.add(Square { side: 3.0 }).upcast();
/// assert_eq!(rt[shape].area(), 9.0);
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! object_trait {
    ($name:path) => {
        impl $crate::object::Target for dyn $name {
            type Cast = &'static $crate::object::CastTable<dyn $name>;

            fn project(
                object: &dyn $crate::object::QObject,
                cast: Self::Cast,
            ) -> ::core::option::Option<&Self> {
                (cast.shared)(object)
            }

            fn project_mut(
                object: &mut dyn $crate::object::QObject,
                cast: Self::Cast,
            ) -> ::core::option::Option<&mut Self> {
                (cast.exclusive)(object)
            }
        }

        impl<T: $name> $crate::object::Upcast<T> for dyn $name {
            const CAST: Self::Cast = &$crate::object::CastTable {
                shared: |object| match <T as $crate::object::Target>::project(object, ()) {
                    ::core::option::Option::Some(object) => ::core::option::Option::Some(object),
                    ::core::option::Option::None => ::core::option::Option::None,
                },
                exclusive: |object| match <T as $crate::object::Target>::project_mut(object, ()) {
                    ::core::option::Option::Some(object) => ::core::option::Option::Some(object),
                    ::core::option::Option::None => ::core::option::Option::None,
                },
            };
        }
    };
}

/// A handle to an object of class `T`, or of any class that implements the trait `T`.
///
/// Objects hold each other by handles. A handle is `Copy` and has 12 bytes for a class and 24 for a
/// trait. The arena owns the object, and `rt[handle]` or `cx[handle]` borrows it.
///
/// Change the fields of an object, but do not assign a whole new object, as in
/// `rt[timer] = QTimer::new()`, and do not swap two: the runtime does not know the new object, and
/// no connections belong to it. Destroy the object and add another instead.
///
/// A handle whose object was destroyed is *stale*, for ever: no other object gets its number. For a
/// handle that is stale or of another runtime, or whose object is busy, a call that asks, such as
/// [`get`](crate::World::get), returns `None`, `false` or nothing; a call that needs the object,
/// such as indexing, panics; a call for later, such as [`invoke`](crate::World::invoke), or a
/// connection comes to nothing if the object is gone, and
/// [`on_undelivered`](crate::World::on_undelivered) tells of it.
///
/// Handles are `Send`, objects are not: another thread can hold a handle, and
/// [`Remote`](crate::Remote) takes it back to the thread of its object.
///
/// # Order
///
/// Handles have an order, so that they can be the keys of a `BTreeMap`. First come the handles of
/// the runtime that was created first. Within a runtime the order is that of the numbers that
/// `Debug` shows: `1v1`, `2v1`, `2v3`, `3v1`. New objects get ascending numbers, but an object that
/// is added after another one is gone may get the number of that one, and so its place in the order.
///
/// The order is the same whenever a program does the same, while the order of a `HashMap` differs
/// in each run. So use ordered maps in programs that you test on the simulated network: otherwise
/// one seed is not one run.
///
/// # Examples
///
/// ```
/// use slotwire::prelude::*;
///
/// # fn main() -> Result<(), slotwire::Error> {
/// #[derive(QObject)]
/// struct Counter {
///     value: u32,
/// }
///
/// let mut rt = Runtime::new()?;
/// let counter = rt.add(Counter { value: 1 });
/// rt[counter].value += 1;
/// assert_eq!(rt[counter].value, 2);
///
/// rt.destroy(counter);
/// assert!(rt.get(counter).is_none());
/// # Ok(())
/// # }
/// ```
#[doc(alias = "QPointer")]
pub struct Obj<T: ?Sized + Target> {
    pub(crate) key: ObjectKey,
    pub(crate) tag: RuntimeTag,
    pub(crate) cast: T::Cast,
}

impl<T: ?Sized + Target> Obj<T> {
    /// Returns the same handle as a handle to a trait that `T` implements, to a class that `T`
    /// extends, or to `dyn QObject`.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject)]
    /// # struct Lamp {}
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// let lamp = rt.add(Lamp {});
    /// let any: Obj<dyn QObject> = lamp.upcast();
    /// assert_eq!(rt[any].meta_object().class_name(), "Lamp");
    /// # Ok(())
    /// # }
    /// ```
    pub fn upcast<D: ?Sized + Upcast<T>>(self) -> Obj<D> {
        Obj { key: self.key, tag: self.tag, cast: D::CAST }
    }

    /// Returns the handle with its class forgotten.
    pub fn erase(self) -> Obj<dyn QObject> {
        Obj { key: self.key, tag: self.tag, cast: () }
    }

    /// Returns the number of the object, for a message: `12v3`.
    pub(crate) fn number(self) -> Number {
        Number(self.key)
    }

    /// Returns what the order of handles goes by: the runtime, the number, the generation.
    fn rank(self) -> (RuntimeTag, (u32, u32)) {
        (self.tag, self.key.parts())
    }
}

/// The name of a type without paths, as in `Obj<QTcpSocket>` and `Obj<Channel<String>>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortName(&'static str);

impl ShortName {
    pub(crate) fn of<T: ?Sized>() -> Self {
        Self::new(type_name::<T>())
    }

    /// Returns the short form of what [`type_name`] has returned.
    pub(super) fn new(name: &'static str) -> Self {
        Self(name.strip_prefix("dyn ").unwrap_or(name))
    }

    /// Returns the name without type parameters.
    pub(in crate::object) fn class_name(self) -> &'static str {
        let class = self.0.split('<').next().unwrap_or(self.0);
        class.rsplit("::").next().unwrap_or(class)
    }
}

impl fmt::Display for ShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':');
        let mut rest = self.0;
        while !rest.is_empty() {
            let path = rest.split(|letter| !is_word(letter)).next().unwrap_or(rest);
            let others = rest[path.len()..].split(is_word).next().unwrap_or_default();
            f.write_str(path.rsplit("::").next().unwrap_or(path))?;
            f.write_str(others)?;
            rest = &rest[path.len() + others.len()..];
        }
        Ok(())
    }
}

impl<T: ?Sized + Target> Clone for Obj<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized + Target> Copy for Obj<T> {}

impl<T: ?Sized + Target, U: ?Sized + Target> PartialEq<Obj<U>> for Obj<T> {
    fn eq(&self, other: &Obj<U>) -> bool {
        self.key == other.key && self.tag == other.tag
    }
}

impl<T: ?Sized + Target> Eq for Obj<T> {}

impl<T: ?Sized + Target, U: ?Sized + Target> PartialOrd<Obj<U>> for Obj<T> {
    fn partial_cmp(&self, other: &Obj<U>) -> Option<Ordering> {
        Some(self.rank().cmp(&other.rank()))
    }
}

impl<T: ?Sized + Target> Ord for Obj<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl<T: ?Sized + Target> Hash for Obj<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
        self.tag.hash(state);
    }
}

impl<T: ?Sized + Target> fmt::Debug for Obj<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Shown::<T>::new(self.key), f)
    }
}

/// A handle to a `T` as it is displayed: `Obj<Lamp> 12v3`.
pub(in crate::object) struct Shown<T: ?Sized>(ObjectKey, PhantomData<T>);

impl<T: ?Sized> Shown<T> {
    pub(in crate::object) fn new(key: ObjectKey) -> Self {
        Self(key, PhantomData)
    }
}

impl<T: ?Sized> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Obj<{}> {}", ShortName::of::<T>(), Number(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_has_no_paths() {
        let name = ShortName::of::<Option<Vec<(String, [u8; 4])>>>();
        assert_eq!(name.to_string(), "Option<Vec<(String, [u8; 4])>>");
        assert_eq!(name.class_name(), "Option");
        assert_eq!(ShortName::of::<dyn QObject>().to_string(), "QObject");
        assert_eq!(ShortName::of::<Box<dyn QObject>>().to_string(), "Box<dyn QObject>");
    }

    #[test]
    fn a_handle_to_a_class_is_twelve_bytes() {
        assert_eq!(size_of::<Obj<dyn QObject>>(), 12);
    }
}
