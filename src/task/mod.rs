//! Tasks: async functions beside slots, in the same loop.
//!
//! A task is a future that the runtime's own loop polls. It awaits signals, sleeps on the runtime's
//! clock, and reaches the objects between two awaits by a closure. [`Context::spawn`](crate::Context::spawn) spawns a task
//! that ends with an object, and [`World::spawn`](crate::World::spawn) one that ends with the runtime.
//!
//! ```
//! use std::time::Duration;
//! use slotwire::prelude::*;
//!
//! # fn main() -> Result<(), slotwire::Error> {
//! let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
//! let timer = rt.add(QTimer::new());
//! rt[timer].start_with(Duration::from_secs(1));
//!
//! rt.spawn(async move |task| {
//!     for _ in 0..3 {
//!         task.next(timer, QTimer::timeout).await?;
//!     }
//!     task.sleep(Duration::from_secs(10)).await;
//!     task.with(|world| world.exit(3));
//!     Ok::<_, slotwire::task::SenderGone>(())
//! });
//! assert_eq!(rt.exec()?, 3);
//! # Ok(())
//! # }
//! ```
//!
//! # The order of slots and tasks
//!
//! A pass of the loop polls the tasks once, after the ready sources and the timers, and before it
//! sends what was written. A task that is woken runs in the same pass, after the turn that has woken
//! it, in the order of waking, once for all wakes before. A task that is woken after it was polled in
//! this pass, for example by itself, is polled in the next one. Tasks have a share of the pass's
//! [`Allowance`](crate::Allowance), so they keep no socket and no timer waiting. What does not fit
//! keeps its order. The waits of a runtime (`wait_for_…`) poll no tasks.

mod connecting;
mod device_calls;
mod device_io;
mod device_kind;
mod emission_stream;
#[cfg(feature = "futures")]
mod futures_io;
mod join_handle;
mod listener;
mod next;
mod sleep;
mod spawn;
mod task_context;
mod task_output;
mod timeout;
#[cfg(feature = "tokio")]
mod tokio_io;

pub use device_io::DeviceIo;
pub use emission_stream::{EmissionStream, Missed};
pub use join_handle::JoinHandle;
pub use next::{Next, SenderGone};
pub use sleep::{Sleep, YieldNow};
pub use task_context::TaskContext;
pub use task_output::TaskOutput;
pub use timeout::{Elapsed, Timeout};

#[doc(inline)]
pub use crate::event_loop::{TaskError, WorldError};
