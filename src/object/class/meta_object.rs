//! What is known of a class at compile time.
//!
//! Everything here is in statics: a program that does not use it pays nothing.

use std::any::{Any, TypeId, type_name};
use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::handle::ShortName;
use super::qobject::QObject;
use super::signal::AnySignal;

/// The description of a class: its name, the class that it extends, its signals, slots and
/// properties.
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject)]
/// struct Thermometer {
///     #[property]
///     celsius: Property<f64>,
///     #[signal]
///     alarm: Signal<f64>,
/// }
///
/// let meta = Thermometer::static_meta_object();
/// assert_eq!(meta.class_name(), "Thermometer");
/// assert_eq!(meta.signal("alarm").unwrap().argument(), "f64");
/// assert_eq!(meta.property("celsius").unwrap().type_name(), "f64");
/// ```
#[doc(alias = "QMetaObject")]
pub struct MetaObject {
    class_name: &'static str,
    /// The type of the class. It tells which class is described: the description of a class with
    /// type parameters may be there more than once, at several addresses.
    class_type: Option<ClassType>,
    super_class: Option<fn() -> &'static MetaObject>,
    signals: &'static [MetaSignal],
    slots: &'static [MetaSlot],
    properties: &'static [MetaProperty],
}

/// The type of a class.
#[derive(Clone, Copy)]
struct ClassType {
    id: fn() -> TypeId,
    name: fn() -> &'static str,
}

impl MetaObject {
    /// Creates the description of a class, with a name and nothing else.
    pub const fn new(class_name: &'static str) -> Self {
        Self {
            class_name,
            class_type: None,
            super_class: None,
            signals: &[],
            slots: &[],
            properties: &[],
        }
    }

    /// Sets the type of the class, as the derive does. A class with type parameters needs it, since
    /// its description is a constant and no static, so that the address does not tell which class it
    /// describes.
    #[must_use]
    pub const fn with_type<T: 'static>(mut self) -> Self {
        self.class_type = Some(ClassType { id: TypeId::of::<T>, name: type_name::<T> });
        self
    }

    /// Sets the class that this one embeds and extends, by its
    /// [`static_meta_object`](QObject::static_meta_object).
    #[must_use]
    pub const fn with_super_class(mut self, super_class: fn() -> &'static MetaObject) -> Self {
        self.super_class = Some(super_class);
        self
    }

    /// Sets the signals that the class itself declares.
    #[must_use]
    pub const fn with_signals(mut self, signals: &'static [MetaSignal]) -> Self {
        self.signals = signals;
        self
    }

    /// Sets the slots that the class itself declares.
    #[must_use]
    pub const fn with_slots(mut self, slots: &'static [MetaSlot]) -> Self {
        self.slots = slots;
        self
    }

    /// Sets the properties that the class itself declares.
    #[must_use]
    pub const fn with_properties(mut self, properties: &'static [MetaProperty]) -> Self {
        self.properties = properties;
        self
    }

    /// Returns the name of the class, without its type parameters: `Channel`.
    #[doc(alias = "className")]
    pub const fn class_name(&self) -> &'static str {
        self.class_name
    }

    /// Returns the name of the class with its path and its type parameters, as [`type_name`] has it:
    /// `app::Channel<u32>`. This is the [class name](Self::class_name) if the description was made
    /// without [`with_type`](Self::with_type).
    ///
    /// The name is for people: its form may change with the compiler.
    pub fn full_name(&self) -> &'static str {
        self.class_type.map_or(self.class_name, |class| (class.name)())
    }

    /// Returns the name with its type parameters and without paths, for a message: `Channel<u32>`.
    pub(crate) fn short_name(&self) -> ShortName {
        ShortName::new(self.full_name())
    }

    /// Returns the identity of the type of the class, if it is known.
    fn type_id(&self) -> Option<TypeId> {
        self.class_type.map(|class| (class.id)())
    }

    /// Returns the class that this one extends, if there is one.
    #[doc(alias = "superClass")]
    pub fn super_class(&self) -> Option<&'static MetaObject> {
        self.super_class.map(|super_class| super_class())
    }

    /// Returns true if the class is `other` or extends it.
    pub fn inherits(&self, other: &MetaObject) -> bool {
        self.describes_the_class_of(other)
            || self.super_class().is_some_and(|class| class.inherits(other))
    }

    /// Returns true if both describe the same class. The types decide; the address decides if a type
    /// is not known.
    fn describes_the_class_of(&self, other: &Self) -> bool {
        match (self.type_id(), other.type_id()) {
            (Some(own), Some(others)) => own == others,
            _ => std::ptr::eq(self, other),
        }
    }

    /// Returns the signals that the class itself declares, without those of its super class.
    pub const fn signals(&self) -> &'static [MetaSignal] {
        self.signals
    }

    /// Returns the slots that the class itself declares, without those of its super class.
    pub const fn slots(&self) -> &'static [MetaSlot] {
        self.slots
    }

    /// Returns the properties that the class itself declares, without those of its super class.
    pub const fn properties(&self) -> &'static [MetaProperty] {
        self.properties
    }

    /// Returns the signal of this name, of the class or of a class that it extends.
    #[doc(alias = "indexOfSignal")]
    pub fn signal(&self, name: &str) -> Option<&'static MetaSignal> {
        let own = self.signals.iter().find(|signal| signal.name == name);
        own.or_else(|| self.super_class()?.signal(name))
    }

    /// Returns the slot of this name, of the class or of a class that it extends.
    #[doc(alias = "indexOfSlot")]
    pub fn slot(&self, name: &str) -> Option<&'static MetaSlot> {
        let own = self.slots.iter().find(|slot| slot.name == name);
        own.or_else(|| self.super_class()?.slot(name))
    }

    /// Returns the property of this name, of the class or of a class that it extends.
    #[doc(alias = "indexOfProperty")]
    pub fn property(&self, name: &str) -> Option<&'static MetaProperty> {
        let own = self.properties.iter().find(|property| property.name == name);
        own.or_else(|| self.super_class()?.property(name))
    }

    /// Returns `argument` as text, if some signal of the class carries its type and can show it.
    pub(in crate::object) fn argument_text(&self, argument: &dyn Any) -> Option<String> {
        let own = self.signals.iter().find_map(|signal| signal.argument_text(argument));
        own.or_else(|| self.super_class()?.argument_text(argument))
    }
}

impl fmt::Debug for MetaObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetaObject")
            .field("class_name", &self.class_name)
            .field("super_class", &self.super_class().map(Self::class_name))
            .field("signals", &self.signals)
            .field("slots", &self.slots)
            .field("properties", &self.properties)
            .finish()
    }
}

impl PartialEq for MetaObject {
    fn eq(&self, other: &Self) -> bool {
        self.describes_the_class_of(other)
            || (self.class_name, self.type_id()) == (other.class_name, other.type_id())
                && (self.signals, self.slots, self.properties)
                    == (other.signals, other.slots, other.properties)
                && self.super_class() == other.super_class()
    }
}

/// Calls a visitor with one signal of an object.
type ShowSignal = fn(&dyn QObject, &mut dyn FnMut(&dyn AnySignal));
/// Returns the argument of a signal as text, if it can be shown.
type ShowArgument = fn(&dyn Any) -> Option<String>;

/// A signal of a class.
#[doc(alias = "QMetaMethod")]
pub struct MetaSignal {
    name: &'static str,
    argument: &'static str,
    show: ShowSignal,
    show_argument: ShowArgument,
}

impl MetaSignal {
    /// Describes a signal: its name, the type that it carries as written, and how to reach it.
    pub const fn new(name: &'static str, argument: &'static str, show: ShowSignal) -> Self {
        Self { name, argument, show, show_argument: nothing_as_text }
    }

    /// Makes a [`Trace`](crate::Trace) show the argument of the signal, an `A`, by its `Debug`.
    ///
    /// The derive calls this for every argument that has a `Debug`. In a class that is written by
    /// hand, a signal without this is shown with `..`, and one that carries `()` without an
    /// argument.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::{MetaObject, MetaSignal, Trace};
    ///
    /// #[derive(Default)]
    /// struct Bell {
    ///     rung: Signal<u8>,
    /// }
    ///
    /// static BELL: MetaObject = MetaObject::new("Bell").with_signals(&[MetaSignal::new(
    ///     "rung",
    ///     "u8",
    ///     |bell, visit| visit(&Bell::cast(bell).rung),
    /// )
    /// .with_debug::<u8>()]);
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
    /// let trace = Trace::new();
    /// rt.record_into(&trace);
    /// let bell = rt.add(Bell::default());
    /// rt[bell].rung.emit(3);
    /// assert_eq!(trace.to_string(), "1 Bell 1v1 rung(3)\n");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn with_debug<A: fmt::Debug + 'static>(self) -> Self {
        self.with_text(debug_as_text::<A>)
    }

    /// Makes a trace show the argument of the signal by this function.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_text(mut self, show_argument: ShowArgument) -> Self {
        self.show_argument = show_argument;
        self
    }

    /// Returns the signal's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the type of the argument, as it is written in the source.
    #[doc(alias = "parameterTypes")]
    pub const fn argument(&self) -> &'static str {
        self.argument
    }

    /// Returns the argument of the signal as text, if it can be shown.
    pub(in crate::object) fn argument_text(&self, argument: &dyn Any) -> Option<String> {
        (self.show_argument)(argument)
    }
}

/// Calls `visit` with every signal of `object`, in the order of its class, then of the classes that
/// the class extends.
pub(in crate::object) fn each_signal(
    object: &dyn QObject,
    visit: &mut dyn FnMut(&'static MetaSignal, &dyn AnySignal),
) {
    let mut level = Some(object);
    while let Some(object) = level {
        for signal in object.meta_object().signals() {
            (signal.show)(object, &mut |shown| visit(signal, shown));
        }
        level = object.base();
    }
}

/// Returns what `Debug` shows of an `A`, if the argument is one. Returns `None` if its `Debug`
/// fails or panics, so that the emission goes on as if there were no trace.
pub(crate) fn debug_as_text<A: fmt::Debug + 'static>(argument: &dyn Any) -> Option<String> {
    let argument: &A = argument.downcast_ref()?;
    let mut text = String::new();
    let written = catch_unwind(AssertUnwindSafe(|| write!(text, "{argument:?}")));
    matches!(written, Ok(Ok(()))).then_some(text)
}

/// Returns the text for an argument of which only the type is known.
pub(crate) fn nothing_as_text(argument: &dyn Any) -> Option<String> {
    argument.is::<()>().then(|| "()".to_owned())
}

impl fmt::Debug for MetaSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.argument)
    }
}

impl PartialEq for MetaSignal {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.argument) == (other.name, other.argument)
    }
}

/// A slot of a class.
#[doc(alias = "QMetaMethod")]
#[derive(PartialEq)]
pub struct MetaSlot {
    name: &'static str,
    argument: Option<&'static str>,
    signal: Option<&'static str>,
}

impl MetaSlot {
    /// Describes a slot that takes no argument and is connected by hand.
    pub const fn new(name: &'static str) -> Self {
        Self { name, argument: None, signal: None }
    }

    /// Sets the type that the slot takes, as written in the source.
    #[must_use]
    pub const fn with_argument(mut self, argument: &'static str) -> Self {
        self.argument = Some(argument);
        self
    }

    /// Sets the signal that the slot declares itself connected to, as in `socket.ready_read`.
    #[must_use]
    pub const fn with_signal(mut self, signal: &'static str) -> Self {
        self.signal = Some(signal);
        self
    }

    /// Returns the slot's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the type that the slot takes, as it is written in the source.
    pub const fn argument(&self) -> Option<&'static str> {
        self.argument
    }

    /// Returns the signal that the slot declares itself connected to, as in `socket.ready_read`.
    pub const fn signal(&self) -> Option<&'static str> {
        self.signal
    }
}

impl fmt::Debug for MetaSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.argument.unwrap_or_default())
    }
}

/// Reads a property of an object into a box.
type ReadProperty = fn(&dyn QObject) -> Box<dyn Any>;
/// Writes a property of an object from a box; returns the box if its type is wrong.
type WriteProperty = fn(&mut dyn QObject, Box<dyn Any>) -> Result<(), Box<dyn Any>>;

/// A property of a class.
#[doc(alias = "QMetaProperty")]
pub struct MetaProperty {
    name: &'static str,
    type_name: &'static str,
    read: ReadProperty,
    /// `None` if only the class itself sets the property.
    write: Option<WriteProperty>,
}

impl MetaProperty {
    /// Describes a property: its name, its type as written, and how to read and to write it.
    pub const fn new(
        name: &'static str,
        type_name: &'static str,
        read: ReadProperty,
        write: WriteProperty,
    ) -> Self {
        Self { name, type_name, read, write: Some(write) }
    }

    /// Describes a property that only its class sets: its name, its type as written, and how to
    /// read it.
    pub const fn read_only(
        name: &'static str,
        type_name: &'static str,
        read: ReadProperty,
    ) -> Self {
        Self { name, type_name, read, write: None }
    }

    /// Returns the property's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the property's type, as it is written in the source.
    #[doc(alias = "typeName")]
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Returns true if [`World::set_property`](crate::World::set_property) can set the property,
    /// false if only its class sets it.
    #[doc(alias = "isWritable")]
    pub const fn is_writable(&self) -> bool {
        self.write.is_some()
    }

    /// Reads the property of `object`, which must be of the class that has the property.
    pub(crate) fn read(&self, object: &dyn QObject) -> Box<dyn Any> {
        (self.read)(object)
    }

    /// Writes the property of `object`, which must be of the class that has the property. Returns
    /// the value if it is of another type than the property, or if the property is read-only.
    pub(crate) fn write(
        &self,
        object: &mut dyn QObject,
        value: Box<dyn Any>,
    ) -> Result<(), Box<dyn Any>> {
        match self.write {
            Some(write) => write(object, value),
            None => Err(value),
        }
    }
}

impl fmt::Debug for MetaProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.type_name)
    }
}

impl Eq for MetaProperty {}

impl PartialEq for MetaProperty {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.type_name) == (other.name, other.type_name)
    }
}
