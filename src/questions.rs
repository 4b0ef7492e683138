//! What the macros' code asks of the types of a class: functions and traits that exist for the
//! compiler's answers.
//!
//! Keeps one promise: a type that a class cannot have gives one error, at that type. The code asks
//! each question once; the rest of it compiles whatever the answer is.

use std::marker::PhantomData;

use crate::io::{Device, QIODevice, RawDevice};
use crate::net::QAbstractSocket;
use crate::object::QObject;

/// Compiles only if `T` has no references but those that live for ever.
pub fn is_static<T: ?Sized + 'static>() {}

/// Compiles only if `T` is an object class.
pub fn is_class<T: QObject>() {}

/// Compiles only if `T` says how it reads and writes.
pub fn is_raw_device<T: RawDevice>() {}

/// Compiles only if `T` is a device.
pub fn is_device<T: QIODevice>() {}

/// Compiles only if `T` is a socket.
pub fn is_socket<T: QAbstractSocket>() {}

/// The type of a value that a property can hold.
#[diagnostic::on_unimplemented(
    message = "a property cannot hold a `{Self}`",
    label = "not both `Clone` and `PartialEq`",
    note = "write `#[derive(Clone, PartialEq)]` above `{Self}`: a property is compared with \
            its new value, and its change signal carries a copy"
)]
pub trait Value: Clone + PartialEq + 'static {}

impl<V: Clone + PartialEq + 'static> Value for V {}

/// Compiles only if a property can hold a `V`.
pub fn is_value<V: Value>() {}

/// What no field has without a role.
#[diagnostic::on_unimplemented(
    message = "a field holds a `{Self}`, which is an object, by value: no runtime knows that object, \
               and nothing wakes it",
    label = "write `Obj<…>` with this class, and `#[child]` above it, or add the object: `cx.add_child(…)`",
    note = "if the class extends the object, write `#[qobject(base)]` above the field, or \
            `#[qobject(base: QAbstractSocket)]` for a socket and `#[qobject(base: QIODevice)]` for \
            another device; `#[qobject(skip)]` allows an object that needs no \
            runtime there, such as a device that this one reads from"
)]
pub trait HeldByValue {}

/// What no field of type `Device` has without its attribute.
#[diagnostic::on_unimplemented(
    message = "the field with the state of a device makes its class a device only with an attribute",
    label = "write `#[qobject(device)]` above this field"
)]
pub trait HeldWithoutAttribute<'a> {}

/// The type of a field without a role.
#[derive(Debug)]
pub struct Data<T: ?Sized>(PhantomData<T>);

impl<T: QObject> Data<T> {
    /// Does not compile.
    pub fn is_data()
    where
        T: HeldByValue,
    {
    }
}

impl Data<Device> {
    /// Does not compile.
    pub fn is_data()
    where
        for<'a> Device: HeldWithoutAttribute<'a>,
    {
    }
}

/// The type of a field that needs no role.
pub trait NoRole {
    /// Never called.
    fn is_data() {}
}

impl<T: ?Sized> NoRole for Data<T> {}
