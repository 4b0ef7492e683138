//! `TaskOutput`: what a task may return.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::object::{Obj, Outcome, QObject, Returns, SlotType, Target, World};

/// What a task may return: nothing, a `Result`, or another value.
///
/// An error that nobody awaits by the [`JoinHandle`](crate::task::JoinHandle) is reported as the
/// error of a slot is: to [`World::on_slot_error`]. Implement the trait for a type of your own to
/// return it from a task; the default does nothing with an output that nobody awaits.
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::task::TaskOutput;
///
/// #[derive(Debug, PartialEq)]
/// struct Page(String);
///
/// impl TaskOutput for Page {}
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let page = rt.spawn(async |_| Page("hello".to_owned()));
/// rt.spawn(async move |task| {
///     assert_eq!(page.await, Ok(Page("hello".to_owned())));
///     task.with(|world| world.quit());
/// });
/// rt.exec()?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a task cannot return `{Self}`",
    label = "a task returns `()`, a `Result`, or a type that implements `TaskOutput`",
    note = "the error of a `Result` must be convertible into `Box<dyn Error>`, so that it can be \
            reported if nobody awaits the task"
)]
pub trait TaskOutput: Sized + 'static {
    /// Reports an output that nobody awaits. `task` is the type of the task's function.
    #[doc(hidden)]
    fn report(self, world: &mut World, owner: Option<Obj<dyn QObject>>, task: SlotType) {
        let _ = (world, owner, task);
    }
}

impl<T: 'static, E: Into<Box<dyn Error>> + 'static> TaskOutput for Result<T, E> {
    fn report(self, world: &mut World, owner: Option<Obj<dyn QObject>>, task: SlotType) {
        Outcome::report(self.map(drop), world, owner, task);
    }
}

/// The output of a task that never ends.
impl TaskOutput for Never {}

/// The type `!`, by the only name that stable Rust has for it.
type Never = <fn() -> ! as Returns>::Output;

/// Implements [`TaskOutput`] for types of the standard library.
macro_rules! outputs {
    ($($type:ty),* $(,)?) => { $(impl TaskOutput for $type {})* };
}

outputs! {
    (), bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64,
    String, &'static str, Duration, Instant, SocketAddr, IpAddr,
}

/// Implements [`TaskOutput`] for types that contain others.
macro_rules! outputs_of {
    ($($type:ty),* $(,)?) => { $(impl<T: 'static> TaskOutput for $type {})* };
}

outputs_of! { Option<T>, Vec<T>, Box<T>, Rc<T>, Arc<T> }

impl<T: ?Sized + Target> TaskOutput for Obj<T> {}

impl<A: 'static, B: 'static> TaskOutput for (A, B) {}
