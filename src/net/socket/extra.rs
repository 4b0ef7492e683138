//! What a connection that simply works has no need of, in one box that is made when it is needed.

use std::cell::Cell;
use std::io;
use std::rc::Weak;

use super::core::{Fault, SocketCore};
use super::news::News;
use super::settings::Settings;
use crate::net::engine::Question;
use crate::net::values::SocketError;
use crate::object::Signal;

/// The rare parts of a socket.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) host_found: Signal<()>,
    pub(super) connected: Signal<()>,
    pub(super) write_buffer_drained: Signal<()>,
    /// A layer of the connection that is being made has a question.
    pub(super) question_asked: Signal<Question>,
    pub(super) peer_name: String,
    /// What the system said of the last error.
    pub(super) error_source: Option<io::Error>,
    pub(super) settings: Settings,
    /// Where a wait finds what has happened, if the socket is destroyed meanwhile.
    pub(super) legacy: Weak<Cell<News>>,
}

impl SocketCore {
    /// The rare parts, if they were ever needed.
    pub(super) fn extra(&self) -> Option<&Extra> {
        self.extra.get().map(|extra| &**extra)
    }

    /// The rare parts. Made now if they are not there.
    pub(super) fn needed_extra(&self) -> &Extra {
        self.extra.get_or_init(Box::default)
    }

    /// The rare parts, for a change. Made now if they are not there.
    pub(super) fn extra_mut(&mut self) -> &mut Extra {
        self.needed_extra();
        self.extra.get_mut().expect("made a moment ago")
    }

    /// What the system said of the last error.
    pub(super) fn error_source(&self) -> Option<&io::Error> {
        self.extra()?.error_source.as_ref()
    }

    /// Forgets the last error, and returns it.
    pub(in crate::net) fn take_fault(&mut self) -> Option<Fault> {
        let source = self.extra.get_mut().and_then(|extra| extra.error_source.take());
        self.error.take().map(|kind| Fault { kind, source })
    }

    /// Makes this the last error, if it is one.
    pub(in crate::net) fn put_fault(&mut self, fault: Option<Fault>) {
        if let Some(Fault { kind, source }) = fault {
            self.set_error(Some(kind));
            if source.is_some() {
                self.extra_mut().error_source = source;
            }
        }
    }

    /// Sets the last error, of which the system has said nothing, or forgets it.
    pub(in crate::net) fn set_error(&mut self, kind: Option<SocketError>) {
        self.error = kind;
        if let Some(extra) = self.extra.get_mut() {
            extra.error_source = None;
        }
    }

    pub(super) fn clear_peer_name(&mut self) {
        if let Some(extra) = self.extra.get_mut() {
            extra.peer_name = String::new();
        }
    }

    /// The host that the socket was told to connect to.
    pub(in crate::net) fn peer_name(&self) -> &str {
        self.extra().map_or("", |extra| &extra.peer_name)
    }
}
