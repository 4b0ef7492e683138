//! Properties: values that announce their changes.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt;
use std::ops::Deref;

use super::World;
use crate::object::class::{MetaProperty, Obj, Signal, Target};

/// A value with a signal that is emitted when it changes.
///
/// Above a field `celsius: Property<f64>`, `#[property]` makes the derive write the getter
/// `celsius()`, the setter `set_celsius()` and the change signal `celsius_changed()`. Setting an
/// equal value emits nothing.
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct Thermostat {
///     /// The temperature to hold.
///     #[property]
///     celsius: Property<f64>,
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let thermostat = rt.add(Thermostat::default());
/// let spy = rt.spy(thermostat, Thermostat::celsius_changed);
/// rt[thermostat].set_celsius(20.5);
/// rt[thermostat].set_celsius(20.5);
/// rt.deliver();
/// assert_eq!(*rt[thermostat].celsius(), 20.5);
/// assert_eq!(spy.take(), [20.5]);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "Q_PROPERTY")]
#[doc(alias = "QProperty")]
pub struct Property<T> {
    value: T,
    changed: Signal<T>,
}

impl<T: 'static> Property<T> {
    /// Creates a property with an initial value.
    pub const fn new(value: T) -> Self {
        Self { value, changed: Signal::new() }
    }

    /// Returns the value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Sets the value, and emits [`changed`](Self::changed) if the value differs from the one
    /// before. Returns true if it differs.
    pub fn set(&mut self, value: T) -> bool
    where
        T: PartialEq + Clone,
    {
        let differs = self.value != value;
        if differs {
            self.value = value;
            self.changed.emit_copy(&self.value);
        }
        differs
    }

    /// Returns the signal that is emitted with the new value when the value has changed.
    #[doc(alias = "NOTIFY")]
    #[must_use = "this returns the signal and emits nothing"]
    pub fn changed(&self) -> &Signal<T> {
        &self.changed
    }
}

impl<T: Default + 'static> Default for Property<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for Property<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: 'static> From<T> for Property<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Property<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// Why a property cannot be set by name: it has another type, or is read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyError {
    class: &'static str,
    property: &'static MetaProperty,
    given: &'static str,
}

impl PropertyError {
    /// Returns the name of the object's class.
    pub fn class_name(&self) -> &'static str {
        self.class
    }

    /// Returns the name of the property.
    pub fn property_name(&self) -> &'static str {
        self.property.name()
    }

    /// Returns the type of the property, as it is written in the source.
    pub fn declared_type(&self) -> &'static str {
        self.property.type_name()
    }

    /// Returns the type of the value, as [`type_name`] names it.
    pub fn given_type(&self) -> &'static str {
        self.given
    }

    /// Returns true if the property is read-only, so that a value of no type can be set.
    pub fn is_read_only(&self) -> bool {
        !self.property.is_writable()
    }
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, property, given } = self;
        let (name, declared) = (property.name(), property.type_name());
        match property.is_writable() {
            true => write!(
                f,
                "property `{name}: {declared}` of {class} cannot be set to a value of type `{given}`"
            ),
            false => write!(f, "property `{name}: {declared}` of {class} is read-only"),
        }
    }
}

impl Error for PropertyError {}

/// Properties by name.
impl World {
    /// Returns the value of a property by name, if the object has the property and its value is a
    /// `T`.
    ///
    /// Looks first for a property that the class declares, then for a dynamic one, which was only
    /// [set by name](Self::set_property).
    pub fn property<T: Any + Clone>(
        &self,
        object: Obj<impl ?Sized + Target>,
        name: &str,
    ) -> Option<T> {
        let key = self.own(object)?;
        let object = self.get(object.erase())?;
        if let Some(property) = object.meta_object().property(name) {
            return property.read(object).downcast().ok().map(|value| *value);
        }
        let properties = &self.arena.node(key)?.existing_extra()?.properties;
        let (_, value) = properties.iter().find(|(known, _)| known == name)?;
        value.downcast_ref().cloned()
    }

    /// Sets a property by name. Slots that are connected to its change signal are called after the
    /// running method has returned, or at once where no method runs.
    ///
    /// If the class declares the property, this does what its setter does and returns true.
    /// Otherwise the object remembers the value as a dynamic property, and this returns false.
    ///
    /// # Errors
    ///
    /// Fails if the class declares the property with another type, or as read-only; the property
    /// keeps its value then. Note that a plain `18` is an `i32`.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime, or if the object is busy. Where no
    /// method runs, panics if a slot panics.
    #[doc(alias = "setProperty")]
    #[track_caller]
    pub fn set_property<T: Any>(
        &mut self,
        object: Obj<impl ?Sized + Target>,
        name: &str,
        value: T,
    ) -> Result<bool, PropertyError> {
        let key = self.expect_node(object);
        let object = &mut self[object.erase()];
        let class = object.meta_object().class_name();
        if let Some(property) = object.meta_object().property(name) {
            return match property.write(object, Box::new(value)) {
                Ok(()) => {
                    self.settle();
                    Ok(true)
                }
                Err(_) => Err(PropertyError { class, property, given: type_name::<T>() }),
            };
        }
        let properties = &mut self.arena[key].extra().properties;
        match properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = Box::new(value),
            None => properties.push((name.to_owned(), Box::new(value))),
        }
        Ok(false)
    }

    /// Removes a dynamic property. Returns true if there was one of this name.
    pub fn remove_property(&mut self, object: Obj<impl ?Sized + Target>, name: &str) -> bool {
        let node = self.own(object).and_then(|key| self.arena.node_mut(key));
        let Some(node) = node.filter(|node| node.existing_extra().is_some()) else { return false };
        let extra = node.extra();
        let before = extra.properties.len();
        extra.properties.retain(|(known, _)| known != name);
        extra.properties.len() < before
    }

    /// Returns the names of the object's dynamic properties, in the order in which they were set.
    #[doc(alias = "dynamicPropertyNames")]
    pub fn dynamic_property_names(
        &self,
        object: Obj<impl ?Sized + Target>,
    ) -> impl Iterator<Item = &str> {
        let node = self.own(object).and_then(|key| self.arena.node(key));
        let properties = node.and_then(|node| node.existing_extra()).map(|extra| &extra.properties);
        properties.into_iter().flatten().map(|(name, _)| name.as_str())
    }
}
