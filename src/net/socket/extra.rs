//! The rare parts of a socket, in a box that is made when it is needed first.

use std::cell::{Cell, OnceCell};
use std::io;
use std::rc::Weak;

use super::core::{Fault, SocketCore};
use super::news::News;
use super::settings::Settings;
use super::step::EarlierSteps;
use crate::net::engine::Question;
use crate::net::values::{SocketError, SocketState};
use crate::object::Signal;

/// The rare parts of a socket.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) host_found: Signal<()>,
    pub(super) connected: Signal<()>,
    pub(super) state_changed: Signal<SocketState>,
    pub(super) write_buffer_drained: Signal<()>,
    /// Emitted when a layer of a connection that is being made asks the program a question.
    pub(super) question_asked: Signal<Question>,
    pub(super) peer_name: String,
    /// The system's error behind the last error.
    pub(super) error_source: Option<io::Error>,
    pub(super) settings: Settings,
    /// The steps for which the queue has no room.
    pub(super) earlier_steps: EarlierSteps,
    /// Where a wait finds the socket's news if the socket is destroyed meanwhile.
    pub(super) legacy: Weak<Cell<News>>,
}

impl SocketCore {
    /// Returns the rare parts, if they were needed before.
    pub(super) fn extra(&self) -> Option<&Extra> {
        self.extra.get().map(|extra| &**extra)
    }

    /// Returns the rare parts. Makes them if they were not needed before.
    pub(super) fn needed_extra(&self) -> &Extra {
        self.extra.get_or_init(Box::default)
    }

    /// Returns the rare parts, mutably. Makes them if they were not needed before.
    pub(super) fn extra_mut(&mut self) -> &mut Extra {
        made(&mut self.extra)
    }

    /// Returns the system's error behind the last error.
    pub(super) fn error_source(&self) -> Option<&io::Error> {
        self.extra()?.error_source.as_ref()
    }

    /// Takes the last error.
    pub(in crate::net) fn take_fault(&mut self) -> Option<Fault> {
        let source = self.extra.get_mut().and_then(|extra| extra.error_source.take());
        self.error.take().map(|kind| Fault { kind, source })
    }

    /// Makes `fault` the last error. `None` changes nothing.
    pub(in crate::net) fn put_fault(&mut self, fault: Option<Fault>) {
        if let Some(Fault { kind, source }) = fault {
            self.set_error(Some(kind));
            if source.is_some() {
                self.extra_mut().error_source = source;
            }
        }
    }

    /// Sets the last error, without an error of the system behind it; `None` forgets the last
    /// error.
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

    /// Returns the host that `connect_to_host` was given.
    pub(in crate::net) fn peer_name(&self) -> &str {
        self.extra().map_or("", |extra| &extra.peer_name)
    }
}

/// Returns the rare parts in their place, mutably. Makes them if they were not needed before.
pub(super) fn made(extra: &mut OnceCell<Box<Extra>>) -> &mut Extra {
    extra.get_or_init(Box::default);
    extra.get_mut().expect("made in the line above")
}
