//! The event loop: time, readiness, and calls from elsewhere.
//!
//! The objects below know nothing of it. What they share of it, each keeps in a home from when
//! it enters the runtime.

mod allowance;
mod call_queue;
mod clock;
mod home;
mod inbox;
mod loop_access;
mod loop_waker;
mod moment;
mod pace;
mod pass_meter;
mod poller;
mod quit_request;
mod reactor;
mod ready_list;
mod remote;
mod runtime;
mod single_shot;
mod socket_notifier;
mod source;
mod thread;
mod timer;
mod timer_queue;
mod timer_slots;
mod timers;

pub use allowance::Allowance;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use pace::TimerType;
pub use remote::{PostError, Remote};
pub use runtime::Runtime;
pub use single_shot::SingleShot;
pub use socket_notifier::{NotifierType, QSocketNotifier};
pub use thread::{QThread, ThreadError};
pub use timer::QTimer;

#[cfg(feature = "sim")]
pub(crate) use clock::saturating_add;
pub(crate) use home::{Home, LoopParts, Parts};
#[cfg(feature = "sim")]
pub(crate) use poller::{KernelPoller, Polled, Poller};
pub(crate) use reactor::Reactor;
pub(crate) use timer_slots::TimerKey;
