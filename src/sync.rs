//! What threads meet at: locks, flags, and threads themselves.
//!
//! The standard library's, and in the tests that [loom](https://docs.rs/loom) runs, loom's: it then
//! tries every order of their steps on the very code that ships. What is not among these, such as
//! `Arc`, is the standard library's in both.

#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(all(test, loom)))]
pub(crate) use std::thread;

#[cfg(all(test, loom))]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(all(test, loom))]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(all(test, loom))]
pub(crate) use loom::thread;

pub(crate) use std::sync::PoisonError;
pub(crate) use std::sync::atomic::Ordering;

/// Tries every order of steps in which threads are interrupted up to three times.
#[cfg(all(test, loom))]
pub(crate) fn try_all_orders(steps: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(steps);
}
