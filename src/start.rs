//! How the fields of a declared object start: the traits and functions that the `declared` of the
//! derive calls.
//!
//! Keeps one promise: a field without a start value gives one error, at its type, that names the
//! attribute to write.
//!
//! [`Start`] has two sets of functions of the same names, as the types in `private.rs`: the
//! inherent ones are for a class that has a `declared`, and those of [`StartsByDefault`] for the
//! other types.

use std::marker::PhantomData;

use crate::object::{Context, Obj, QObject, Upcast};

/// A class whose derive writes `declared`.
pub trait Declared: QObject {
    /// Calls `declared`. It has another name, so that the compiler does not propose this trait to a
    /// class without `declared`.
    fn by_declaration(cx: &mut Context<'_, Self>) -> Self;
}

/// A class or a type that a field starts with.
#[derive(Debug)]
pub struct Start<T>(PhantomData<T>);

impl<T: Declared> Start<T> {
    /// Adds a child as its class declares it.
    pub fn add_child<P: QObject>(cx: &mut Context<'_, P>) -> Obj<T> {
        cx.add_child_with(T::by_declaration)
    }

    /// Returns the object that a class extends, as the class of that object declares it.
    pub fn base<P: QObject>(cx: &mut Context<'_, P>) -> T {
        T::by_declaration(&mut cx.of_base())
    }
}

/// The types without a `declared`, which start with their `Default`.
pub trait StartsByDefault<T> {
    /// Adds a child.
    fn add_child<P: QObject>(cx: &mut Context<'_, P>) -> Obj<T>
    where
        T: StartOfChild + QObject,
    {
        cx.add_child(T::start_of_child())
    }

    /// Returns the object that a class extends.
    fn base<P: QObject>(_: &mut Context<'_, P>) -> T
    where
        T: StartOfField,
    {
        T::start_of_field()
    }
}

impl<T> StartsByDefault<T> for Start<T> {}

/// The class of a child that has a start value.
#[diagnostic::on_unimplemented(
    message = "`#[child]` cannot start a `{Self}`, which has neither a `Default` nor a `declared`",
    label = "has no start value",
    note = "write the object into the attribute: `#[child({Self}::new(…))]`"
)]
pub trait StartOfChild {
    /// Returns the start value.
    fn start_of_child() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> StartOfChild for T {
    fn start_of_child() -> Self {
        T::default()
    }
}

/// The type of a field that has a start value.
#[diagnostic::on_unimplemented(
    message = "`declared` has no start value for a field of type `{Self}`, which has no `Default`",
    label = "has no start value",
    note = "write `#[init(value)]` above the field; above a handle, `#[child]` adds a child"
)]
pub trait StartOfField {
    /// Returns the start value.
    fn start_of_field() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> StartOfField for T {
    fn start_of_field() -> Self {
        T::default()
    }
}

/// Adds a child, and returns its handle as one to a trait of the child.
pub fn add_child_as<P: QObject, C: QObject, D: Upcast<C> + ?Sized>(
    cx: &mut Context<'_, P>,
    child: C,
) -> Obj<D> {
    cx.add_child(child).upcast()
}
