//! `Timeout`: a future with a deadline.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use super::sleep::Sleep;

/// A future that must be ready before a deadline. Created by
/// [`TaskContext::timeout`](crate::TaskContext::timeout) and
/// [`timeout_at`](crate::TaskContext::timeout_at).
#[must_use = "a future does nothing unless it is awaited"]
pub struct Timeout<F> {
    future: Pin<Box<F>>,
    sleep: Sleep,
}

/// The deadline of a future has passed before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has passed")]
pub struct Elapsed {
    deadline: Instant,
}

impl Elapsed {
    /// Returns the deadline, on the runtime's clock.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}

/// An elapsed deadline is a `TimedOut` for code that goes by `std::io`.
impl From<Elapsed> for std::io::Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, elapsed)
    }
}

impl<F: Future> Timeout<F> {
    pub(super) fn new(future: F, sleep: Sleep) -> Self {
        Self { future: Box::pin(future), sleep }
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = self.future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let deadline = self.sleep.deadline();
        Pin::new(&mut self.sleep).poll(cx).map(|()| Err(Elapsed { deadline }))
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("sleep", &self.sleep).finish_non_exhaustive()
    }
}
