//! What a socket reports to the program: its states, its errors, and what has come and gone. A wait
//! for the socket finds the same as its news.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::core::SocketCore;
use crate::net::engine::Question;
use crate::net::proxy::ProxyAuthentication;
use crate::net::socket::fault::Fault;
use crate::net::socket::news::News;
use crate::net::values::{SocketError, SocketState};

impl SocketCore {
    pub(in crate::net::socket) fn change_state(&mut self, state: SocketState) {
        self.set_state(state);
        self.announce_state(state);
    }

    /// Returns true if anybody ever connected to `state_changed` or observed it.
    pub(in crate::net::socket) fn tells_of_states(&self) -> bool {
        self.extra().is_some_and(|extra| extra.state_changed.was_heard())
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

    /// Emits the error for which the connection has ended, or has not come about.
    pub(in crate::net::socket) fn fail_for_good(
        &mut self,
        kind: SocketError,
        source: Option<io::Error>,
    ) {
        let is_orderly = kind == SocketError::RemoteHostClosed && source.is_none();
        self.lost_by = (!is_orderly).then_some(kind);
        self.fail(kind, source);
    }

    /// Emits that an address of the peer was found.
    pub(super) fn announce_host_found(&self) {
        self.needed_extra().host_found.emit(());
    }

    /// Emits the signal of a question.
    pub(super) fn announce_question(&self, question: Question) {
        let extra = self.needed_extra();
        match question.as_value::<ProxyAuthentication>() {
            Some(asked) => extra.proxy_authentication_required.emit(asked.clone()),
            None => extra.question_asked.emit(question),
        }
    }

    /// Emits that the socket is connected.
    pub(super) fn announce_connected(&mut self) {
        self.announce_state(SocketState::Connected);
        self.needed_extra().connected.emit(());
        self.note(News::CONNECTED);
    }

    /// Emits that the connection has ended.
    pub(super) fn announce_disconnected(&mut self) {
        self.signals().disconnected.emit(());
        self.note(News::ENDED);
    }

    /// Emits `ready_read`.
    pub(super) fn announce_received(&mut self) {
        self.device().announce_received();
        self.note(News::ARRIVED);
    }

    /// Emits `bytes_written`.
    #[inline]
    pub(in crate::net::socket) fn announce_written(&mut self, count: usize) {
        self.news.add(News::DEPARTED);
        self.device().announce_written(count);
    }

    /// Emits that there is room to write again.
    pub(in crate::net::socket) fn announce_room(&self) {
        self.needed_extra().write_buffer_drained.emit(());
    }

    /// Notes that something has come for which the caller emits `ready_read`.
    #[inline]
    pub(in crate::net::socket) fn note_arrival(&mut self) {
        self.news.add(News::ARRIVED);
    }

    /// Notes that the network has refused a datagram.
    pub(in crate::net::socket) fn note_refusal(&mut self) {
        self.news.add(News::REFUSED);
    }

    /// Notes that `encrypted` was emitted.
    #[cfg(feature = "tls")]
    pub(in crate::net::socket) fn note_encryption(&mut self) {
        self.note(News::ENCRYPTED);
    }

    /// Adds news for which a signal was emitted. News from outside the passes of the loop count as
    /// undelivered until the slots of the signal have run.
    fn note(&mut self, news: News) {
        self.news.add(news);
        if !news.is_empty() && self.follows_emission() {
            self.news.add_undelivered(news);
        }
    }

    /// Called when the emissions from outside the passes of the loop are delivered.
    pub(in crate::net::socket) fn on_delivered(&mut self) {
        self.news.deliver();
    }

    /// Begins a wait for this socket. What is not delivered yet counts as news. If the socket is
    /// destroyed before the wait ends, it puts the news into `legacy`.
    pub(in crate::net) fn begin_to_be_awaited(&mut self, legacy: &Rc<Cell<News>>) {
        self.news.begin_wait();
        self.extra_mut().legacy = Rc::downgrade(legacy);
    }

    /// Returns what has happened since [`begin_to_be_awaited`](Self::begin_to_be_awaited).
    pub(in crate::net) fn news(&self) -> News {
        self.news.news()
    }

    /// Sets the news aside, so that the caller can see what is added from now on.
    #[inline]
    pub(in crate::net::socket) fn set_news_aside(&mut self) -> News {
        self.news.take()
    }

    /// Puts back the news that were set aside. Returns true if `ready_read` or `bytes_written` was
    /// emitted since.
    #[inline]
    pub(in crate::net::socket) fn has_announced_since(&mut self, aside: News) -> bool {
        let since = self.news.put_back(aside);
        since.intersects(News::ARRIVED | News::DEPARTED)
    }

    /// Puts back the news that were set aside, and notes those that were added since.
    pub(in crate::net::socket) fn note_since(&mut self, aside: News) {
        let since = self.news.put_back(aside);
        self.note(since);
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

    /// Returns the error for which there is no connection; `None` if the last one has ended in order,
    /// whatever the last error is. A reset is an error, and no end.
    pub(in crate::net) fn lost_by(&self) -> Option<SocketError> {
        self.lost_by
    }

    /// Sets the last error, without an error of the system behind it; `None` forgets the last
    /// error.
    pub(in crate::net) fn set_error(&mut self, kind: Option<SocketError>) {
        self.error = kind;
        if kind.is_none() {
            self.lost_by = None;
        }
        if let Some(extra) = self.extra.get_mut() {
            extra.error_source = None;
        }
    }

    /// Sets the error for which there is no connection, without emitting it; `None` forgets it.
    pub(in crate::net) fn set_error_for_good(&mut self, kind: Option<SocketError>) {
        self.set_error(kind);
        self.lost_by = kind.filter(|kind| *kind != SocketError::RemoteHostClosed);
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
