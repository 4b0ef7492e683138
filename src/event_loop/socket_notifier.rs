//! `QSocketNotifier`: a signal for any descriptor.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use mio::Interest;
use mio::unix::SourceFd;
use slotwire_macros::{QObject, slots};

use super::home::Home;
use crate::object::{Anchor, Occasion, Response, Signal};
use crate::readiness::{Readiness, SourceId};

/// What a notifier watches a descriptor for.
#[doc(alias = "QSocketNotifier::Type")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotifierType {
    /// The descriptor has something to read, or the other end is closed.
    Read,
    /// The descriptor has room to write.
    Write,
    /// The descriptor has out-of-band data. Only on Linux and Android.
    Exception,
}

impl NotifierType {
    fn interest(self) -> Interest {
        match self {
            Self::Read => Interest::READABLE,
            Self::Write => Interest::WRITABLE,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Self::Exception => Interest::PRIORITY,
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            Self::Exception => Interest::READABLE,
        }
    }

    fn is_in(self, readiness: Readiness) -> bool {
        match self {
            Self::Read => readiness.readable,
            Self::Write => readiness.writable,
            Self::Exception => readiness.priority,
        }
    }
}

/// Emits a signal when a descriptor is ready: for pipes, devices and sockets of other libraries.
///
/// Level-triggered: the signal is emitted again and again, at most once in a pass of the loop,
/// until the slots have read everything or disabled the notifier. If the slots need longer than one
/// pass may take, the next emission waits until they have finished. The notifier keeps the
/// descriptor open.
///
/// Set the descriptor to non-blocking, and expect `WouldBlock`: another slot, or another process
/// that has the descriptor, may have read everything before the signal is delivered, and a read
/// that blocks stops the whole loop.
///
/// ```
/// use std::io::{ErrorKind, Read, Write};
/// use std::os::unix::net::UnixStream;
/// use slotwire::prelude::*;
/// use slotwire::{NotifierType, QSocketNotifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// ours.set_nonblocking(true)?;
///
/// let mut rt = Runtime::new()?;
/// let notifier = rt.add(QSocketNotifier::new(&ours, NotifierType::Read)?);
/// rt.connect_fn(notifier, QSocketNotifier::activated, move |world, _| {
///     let mut byte = [0];
///     match ours.read(&mut byte) {
///         Ok(0) => world.quit(),
///         Ok(_) => world.exit(byte[0].into()),
///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
///         Err(error) => return Err(error),
///     }
///     Ok(())
/// });
/// theirs.write_all(&[9])?;
/// assert_eq!(rt.exec()?, 9);
/// # Ok(())
/// # }
/// ```
#[derive(QObject)]
#[qobject(enter = Self::entered, wake = Self::woken)]
pub struct QSocketNotifier {
    /// Emitted when the descriptor is ready, with the type of the notifier.
    #[signal]
    activated: Signal<NotifierType>,
    descriptor: OwnedFd,
    kind: NotifierType,
    state: State,
    home: Option<Home>,
    error: Option<io::Error>,
}

/// Whether the notifier watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Disabled,
    /// Will watch from the moment when it enters a runtime.
    Waiting,
    Watching(SourceId),
}

#[slots]
impl QSocketNotifier {
    /// Creates a notifier. It watches `descriptor` from the moment when it is added to a runtime.
    ///
    /// The notifier has a duplicate of the descriptor. So the original may be closed, and several
    /// notifiers may watch the same descriptor.
    ///
    /// # Errors
    ///
    /// Fails if the descriptor cannot be duplicated, because of a limit on descriptors.
    pub fn new(descriptor: impl AsFd, kind: NotifierType) -> io::Result<Self> {
        Ok(Self {
            activated: Signal::new(),
            descriptor: descriptor.as_fd().try_clone_to_owned()?,
            kind,
            state: State::Waiting,
            home: None,
            error: None,
        })
    }

    /// Returns the notifier's duplicate of the descriptor.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Returns what the notifier watches for.
    #[doc(alias = "type")]
    pub fn kind(&self) -> NotifierType {
        self.kind
    }

    /// Returns true if the notifier watches, or will watch once it is added to a runtime.
    #[doc(alias = "isEnabled")]
    pub fn is_enabled(&self) -> bool {
        self.state != State::Disabled
    }

    /// Makes the notifier watch, or stop watching.
    ///
    /// # Errors
    ///
    /// Fails if the system cannot watch this descriptor, for example because it is a regular file.
    #[doc(alias = "setEnabled")]
    #[slot]
    pub fn set_enabled(&mut self, enabled: bool) -> io::Result<()> {
        match (enabled, self.state, &self.home) {
            (true, State::Disabled | State::Waiting, Some(home)) => {
                let fd = self.descriptor.as_raw_fd();
                self.state = State::Disabled;
                let source = &mut SourceFd(&fd);
                let id = home.reactor.register(source, self.kind.interest(), home.key())?;
                self.state = State::Watching(id);
            }
            (true, State::Disabled, None) => self.state = State::Waiting,
            (false, State::Watching(id), Some(home)) => {
                let fd = self.descriptor.as_raw_fd();
                home.reactor.deregister(id, &mut SourceFd(&fd));
                self.state = State::Disabled;
            }
            (false, ..) => self.state = State::Disabled,
            (true, ..) => {}
        }
        Ok(())
    }

    /// Returns the error because of which the notifier is not enabled: the system refused to watch
    /// the descriptor when the notifier was added, or later.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    fn entered(&mut self, anchor: &Anchor<'_>) {
        self.home = Some(Home::of(anchor));
        if self.state == State::Waiting
            && let Err(error) = self.set_enabled(true)
        {
            self.error = Some(error);
        }
    }

    fn woken(&mut self, occasion: Occasion) -> Response {
        if let Occasion::Ready(_, readiness) = occasion
            && self.is_enabled()
            && self.kind.is_in(readiness)
        {
            // Done before the slots run, so that a panic in a slot does not end the watching.
            self.rearm();
            self.activated.emit(self.kind);
        }
        Response::DONE
    }

    /// Asks for the descriptor's readiness again, which turns edge-triggered readiness into
    /// level-triggered.
    fn rearm(&mut self) {
        if let (State::Watching(id), Some(home)) = (self.state, &self.home) {
            let fd = self.descriptor.as_raw_fd();
            if let Err(error) = home.reactor.rearm(id, &mut SourceFd(&fd), self.kind.interest()) {
                home.reactor.deregister(id, &mut SourceFd(&fd));
                self.state = State::Disabled;
                self.error = Some(error);
            }
        }
    }
}

impl Drop for QSocketNotifier {
    fn drop(&mut self) {
        let disabled = self.set_enabled(false);
        debug_assert!(disabled.is_ok(), "disabling does not fail");
    }
}

impl fmt::Debug for QSocketNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QSocketNotifier")
            .field("descriptor", &self.descriptor)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
