//! Slots: the methods that a signal can call.
//!
//! The signature of a slot decides what it takes of the emission. The possible signatures are the
//! implementations of [`Slot`] below.

use std::borrow::Borrow;
use std::error::Error;

use super::handle::Obj;
use super::qobject::QObject;
use super::slot_error::{SlotError, SlotType};
use crate::object::context::Context;
use crate::object::world::World;

/// A method of `R` that a signal carrying an `A` can be connected to.
///
/// Implemented for every method of one of these shapes, where `Out` is `()` or a
/// `Result<(), E>`:
///
/// | shape | what the slot gets |
/// |---|---|
/// | `fn(&mut R) -> Out` | nothing |
/// | `fn(&mut R, A) -> Out` | the argument by value: it is cloned for each slot |
/// | `fn(&mut R, &B) -> Out` | the argument by reference, as any type that `A` can be [borrowed](Borrow) as: `&str` for a `Signal<String>` |
/// | `fn(&mut R, &mut Context<R>) -> Out`, and the two above with the context in the second place | in addition, access to other objects |
///
/// `Form` only tells the compiler the shapes apart.
#[diagnostic::on_unimplemented(
    message = "this is not a slot of `{R}` for a signal that carries `{A}`",
    label = "does not fit a `Signal<{A}>`",
    note = "a slot is a method of `{R}` that takes `&mut self`, then if you like `cx: &mut Context<Self>`, then if you like the argument as `{A}` (if that is `Clone`) or `&{A}` (`&str` fits a `String`; a slot of a `Signal<()>` leaves it out), and returns nothing or a `Result<(), E>`",
    note = "for a closure, or to convert the argument, use `connect_fn`, or `connect_fn_on` if it acts on a receiver; to emit another signal, use `connect_signal`"
)]
#[doc(alias = "slots")]
pub trait Slot<R, A, Form>: 'static {
    /// Calls the slot.
    #[doc(hidden)]
    fn call(&self, receiver: &mut R, cx: &mut Context<'_, R>, argument: &A);
}

/// The shape of a slot that takes no argument.
#[doc(hidden)]
#[derive(Debug)]
pub struct Bare<const CONTEXT: bool>;

/// The shape of a slot that takes its argument by value.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByValue<const CONTEXT: bool>;

/// The shape of a slot that takes its argument by reference, as a `B`.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByReference<B: ?Sized, const CONTEXT: bool>(std::marker::PhantomData<fn(&B)>);

impl<F, R, A, O> Slot<R, A, Bare<false>> for F
where
    F: Fn(&mut R) -> O + 'static,
    R: QObject,
    O: Outcome,
{
    #[inline]
    fn call(&self, receiver: &mut R, cx: &mut Context<'_, R>, _: &A) {
        let outcome = self(receiver);
        cx.report::<F>(outcome);
    }
}

impl<F, R, A, O> Slot<R, A, Bare<true>> for F
where
    F: Fn(&mut R, &mut Context<'_, R>) -> O + 'static,
    R: QObject,
    O: Outcome,
{
    #[inline]
    fn call(&self, receiver: &mut R, cx: &mut Context<'_, R>, _: &A) {
        let outcome = self(receiver, cx);
        cx.report::<F>(outcome);
    }
}

impl<F, R, A, O> Slot<R, A, ByValue<false>> for F
where
    F: Fn(&mut R, A) -> O + 'static,
    R: QObject,
    A: Clone,
    O: Outcome,
{
    #[inline]
    fn call(&self, receiver: &mut R, cx: &mut Context<'_, R>, argument: &A) {
        let outcome = self(receiver, argument.clone());
        cx.report::<F>(outcome);
    }
}

impl<F, R, A, O> Slot<R, A, ByValue<true>> for F
where
    F: Fn(&mut R, &mut Context<'_, R>, A) -> O + 'static,
    R: QObject,
    A: Clone,
    O: Outcome,
{
    #[inline]
    fn call(&self, receiver: &mut R, cx: &mut Context<'_, R>, argument: &A) {
        let outcome = self(receiver, cx, argument.clone());
        cx.report::<F>(outcome);
    }
}

impl<F, R, A, B, O> Slot<R, A, ByReference<B, false>> for F
where
    F: Fn(&mut R, &B) -> O + 'static,
    R: QObject,
    A: Borrow<B>,
    B: ?Sized,
    O: Outcome,
{
    #[inline]
    fn call(&self, receiver: &mut R, cx: &mut Context<'_, R>, argument: &A) {
        let outcome = self(receiver, argument.borrow());
        cx.report::<F>(outcome);
    }
}

impl<F, R, A, B, O> Slot<R, A, ByReference<B, true>> for F
where
    F: Fn(&mut R, &mut Context<'_, R>, &B) -> O + 'static,
    R: QObject,
    A: Borrow<B>,
    B: ?Sized,
    O: Outcome,
{
    #[inline]
    fn call(&self, receiver: &mut R, cx: &mut Context<'_, R>, argument: &A) {
        let outcome = self(receiver, cx, argument.borrow());
        cx.report::<F>(outcome);
    }
}

/// A type that a slot may return.
///
/// If a slot returns an `Err`, the error goes to the function set with [`World::on_slot_error`].
#[diagnostic::on_unimplemented(
    message = "a slot cannot return `{Self}`",
    label = "a slot returns nothing or a `Result<(), E>`",
    note = "return `()`: end the closure with a `;`; or return `Result<(), E>`, whose errors go to `on_slot_error`"
)]
pub trait Outcome {
    /// Reports the error to the runtime, if there is one. `slot` is the type of the slot's
    /// function.
    #[doc(hidden)]
    fn report(self, world: &mut World, receiver: Option<Obj<dyn QObject>>, slot: SlotType);
}

impl Outcome for () {
    #[inline]
    fn report(self, _: &mut World, _: Option<Obj<dyn QObject>>, _: SlotType) {}
}

impl<E: Into<Box<dyn Error>>> Outcome for Result<(), E> {
    fn report(self, world: &mut World, receiver: Option<Obj<dyn QObject>>, slot: SlotType) {
        if let Err(error) = self {
            world.report_slot_error(SlotError::new(world, receiver, slot, error.into()));
        }
    }
}

/// The outcome of a slot that never returns: `|_, _| todo!()`.
impl Outcome for Never {
    fn report(self, _: &mut World, _: Option<Obj<dyn QObject>>, _: SlotType) {
        self
    }
}

/// The type `!`, by the only name that stable Rust has for it.
type Never = <fn() -> ! as Returns>::Output;

/// Names the type that a function returns.
#[doc(hidden)]
pub trait Returns {
    /// The returned type.
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}
