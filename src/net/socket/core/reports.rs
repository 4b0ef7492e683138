//! What a socket reports to the program: its states and its errors.

use std::io;

use super::core::SocketCore;
use crate::net::socket::fault::Fault;
use crate::net::values::{SocketError, SocketState};

impl SocketCore {
    pub(in crate::net::socket) fn change_state(&mut self, state: SocketState) {
        self.set_state(state);
        self.announce_state(state);
    }

    /// Emits `state_changed`.
    pub(super) fn announce_state(&self, state: SocketState) {
        if let Some(extra) = self.extra() {
            extra.state_changed.emit(state);
        }
    }

    /// Makes an error the last one, and emits it.
    pub(in crate::net) fn fail(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.put_fault(Some(Fault { kind, source }));
        self.signals().error_occurred.emit(kind);
    }

    /// Emits that there is room again for datagrams.
    #[cold]
    pub(in crate::net::socket) fn announce_room(&mut self) {
        self.announcement.have_room();
        self.needed_extra().write_buffer_drained.emit(());
    }

    /// Returns the last error.
    pub(in crate::net::socket) fn error(&self) -> Option<SocketError> {
        self.error
    }

    /// Returns the system's error behind the last error.
    pub(in crate::net::socket) fn error_source(&self) -> Option<&io::Error> {
        self.extra()?.error_source.as_ref()
    }

    /// Returns the text of the last error: the system's, if there is one.
    pub(in crate::net::socket) fn error_text(&self) -> Option<String> {
        let kind = self.error?;
        Some(self.error_source().map_or_else(|| kind.to_string(), io::Error::to_string))
    }

    /// Sets the last error, without an error of the system behind it; `None` forgets the last
    /// error.
    pub(in crate::net) fn set_error(&mut self, kind: Option<SocketError>) {
        self.error = kind;
        if let Some(extra) = self.extra.get_mut() {
            extra.error_source = None;
        }
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

    /// Returns the error of a write to a socket that is not connected.
    #[cold]
    pub(in crate::net::socket) fn refuse_to_write(&mut self) -> io::Error {
        let reason = match self.state() {
            SocketState::HostLookup | SocketState::Connecting => {
                self.set_error(Some(SocketError::UnfinishedSocketOperation));
                "the socket is not connected yet"
            }
            // The reason has been reported already.
            _ => "the socket is not connected",
        };
        io::Error::new(io::ErrorKind::NotConnected, reason)
    }
}
