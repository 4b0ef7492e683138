//! `TaskOutput`: what a task may return.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::object::{Obj, Outcome, QObject, Returns, SlotType, Target, World};

/// What a task may return: nothing, a `Result`, or a value of the standard library. A value of another
/// type goes in a `Result` or a `Box`.
///
/// An error that nobody awaits by the [`JoinHandle`](crate::task::JoinHandle) is reported as the
/// error of a slot is: to [`World::on_slot_error`].
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(Debug, PartialEq)]
/// struct Page(String);
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let page = rt.spawn(async |_| Box::new(Page("hello".to_owned())));
/// rt.spawn(async move |task| {
///     assert_eq!(*page.await.expect("it returns"), Page("hello".to_owned()));
///     task.with(|world| world.quit());
/// });
/// rt.exec()?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a task cannot return `{Self}`",
    label = "a task returns `()`, a `Result`, or a value of the standard library",
    note = "return another value in `Ok` or in a `Box`; the error of a `Result` must be convertible \
            into `Box<dyn Error>`, so that it can be reported if nobody awaits the task"
)]
pub trait TaskOutput: Sized + 'static {
    /// Reports an output that nobody awaits. `task` is the type of the task's function.
    #[doc(hidden)]
    fn report(self, world: &mut World, owner: Option<Obj<dyn QObject>>, task: SlotType);
}

impl<T: 'static, E: Into<Box<dyn Error>> + 'static> TaskOutput for Result<T, E> {
    fn report(self, world: &mut World, owner: Option<Obj<dyn QObject>>, task: SlotType) {
        Outcome::report(self.map(drop), world, owner, task);
    }
}

/// The output of a task that never ends.
impl TaskOutput for Never {
    fn report(self, _: &mut World, _: Option<Obj<dyn QObject>>, _: SlotType) {
        self
    }
}

/// The type `!`, by the only name that stable Rust has for it.
type Never = <fn() -> ! as Returns>::Output;

/// Implements [`TaskOutput`] for types without errors to report. A name in brackets is a parameter.
macro_rules! outputs {
    ($([$($any:ident),*] $type:ty),* $(,)?) => { $(
        impl<$($any: 'static),*> TaskOutput for $type {
            fn report(self, _: &mut World, _: Option<Obj<dyn QObject>>, _: SlotType) {}
        }
    )* };
}

outputs! {
    [] (), [] bool, [] char, [] u8, [] u16, [] u32, [] u64, [] u128, [] usize, [] i8, [] i16,
    [] i32, [] i64, [] i128, [] isize, [] f32, [] f64, [] String, [] &'static str, [] Duration,
    [] Instant, [] SocketAddr, [] IpAddr,
    [T] Option<T>, [T] Vec<T>, [T] Box<T>, [T] Rc<T>, [T] Arc<T>, [A, B] (A, B),
}

impl<T: ?Sized + Target> TaskOutput for Obj<T> {
    fn report(self, _: &mut World, _: Option<Obj<dyn QObject>>, _: SlotType) {}
}
