//! Properties: values that announce their changes.

use std::any::{Any, type_name};
use std::fmt;
use std::ops::Deref;

use super::World;
use crate::object::class::{Obj, Signal, Target};

/// A value with a signal that is emitted when it changes.
///
/// With `#[property]` above a field `celsius: Property<f64>` the derive writes the getter
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
pub struct Property<T: 'static> {
    value: T,
    changed: Signal<T>,
}

impl<T: 'static> Property<T> {
    /// Creates a property with a first value.
    pub const fn new(value: T) -> Self {
        Self { value, changed: Signal::new() }
    }

    /// Returns the value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Sets the value, and emits [`changed`](Self::changed) if it differs from the one before.
    /// Returns whether it does.
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

    /// Emitted with the new value when it has changed.
    #[doc(alias = "NOTIFY")]
    pub fn changed(&self) -> &Signal<T> {
        &self.changed
    }
}

impl<T: Default> Default for Property<T> {
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

impl<T> From<T> for Property<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Property<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A property that could not be set by name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("property `{property}: {declared}` cannot be set to a value of type `{given}`")]
pub struct PropertyError {
    property: &'static str,
    declared: &'static str,
    given: &'static str,
}

/// Properties by name.
impl World {
    /// Returns the value of a property by name, if the object has it and it is a `T`.
    ///
    /// Finds the class's own properties first, then those that were
    /// [set by name](Self::set_property) only.
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

    /// Sets a property by name. Who listens hears of the change when the running method has
    /// returned, or at once where none runs.
    ///
    /// One that the class declares is set as its setter would. Any other name is remembered with
    /// the object: a dynamic property. Returns whether the property is a declared one.
    ///
    /// # Errors
    ///
    /// Fails if the class declares the property with another type, or as read-only; nothing is
    /// set. Mind that a plain `18` is an `i32`.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime, or if the object is busy; where no method
    /// runs, when a slot does.
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
        if let Some(property) = object.meta_object().property(name) {
            return match property.write(object, Box::new(value)) {
                Ok(()) => {
                    self.settle();
                    Ok(true)
                }
                Err(_) => Err(PropertyError {
                    property: property.name(),
                    declared: property.type_name(),
                    given: type_name::<T>(),
                }),
            };
        }
        let properties = &mut self.arena[key].extra().properties;
        match properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = Box::new(value),
            None => properties.push((name.to_owned(), Box::new(value))),
        }
        Ok(false)
    }

    /// Forgets a dynamic property. Returns true if there was one of this name.
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
