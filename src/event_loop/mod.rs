//! The event loop: time, readiness, and calls from other threads.
//!
//! The floor below, `object/`, knows nothing of the loop. Each object keeps what it needs of the
//! loop in a `Home`, from the moment when it enters the runtime.

mod allowance;
mod clock;
mod driven;
mod home;
mod loop_access;
mod pass_meter;
mod quit_request;
mod runtime;
mod single_shot;
mod socket_notifier;
mod sources;
mod tasks;
mod thread;
mod threads;
mod timer;
mod timing;

pub use allowance::Allowance;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use runtime::Runtime;
pub use single_shot::SingleShot;
pub use socket_notifier::{NotifierType, QSocketNotifier};
pub use tasks::{TaskError, WorldError};
pub use thread::{QThread, ThreadError};
pub use threads::{PostError, Remote};
pub use timer::QTimer;
pub use timing::TimerType;

pub(crate) use clock::saturating_add;
#[cfg(feature = "sim")]
pub(crate) use clock::{date_after, first_date};
pub(crate) use home::{Home, LoopParts, Parts};
pub(crate) use sources::Reactor;
#[cfg(feature = "sim")]
pub(crate) use sources::{KernelPoller, Polled, Poller};
pub(crate) use tasks::WorldPlace;
pub(crate) use timing::TimerKey;
