//! The engine of a socket: how the socket gets it without an attempt, how it loses it, and for what it is
//! lent in which state.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};

use super::core::SocketCore;
use crate::io::OpenMode;
use crate::net::engine::{SocketEngine, listens, open};
use crate::net::shared::Home;
use crate::net::socket::attempt::Attempt;
use crate::net::socket::endpoint::Endpoint;
use crate::net::socket::fault::Fault;
use crate::net::socket::step::Step;
use crate::net::values::{
    BindAddress, BindMode, SocketError, SocketOption, SocketState, SocketType,
};

impl SocketCore {
    /// Takes the runtime that the socket enters, unless the socket was made for it. Returns true if there
    /// is an engine to watch; otherwise begins to connect, if that was wished for.
    pub(in crate::net::socket) fn enter(&mut self, home: impl FnOnce() -> Home) -> bool {
        self.home.get_or_insert_with(home);
        if self.has_engine() {
            return true;
        }
        if let Some(wish) = self.phase.take_attempt() {
            self.begin_attempt(*wish);
        }
        false
    }

    /// Opens an engine, binds it, and puts it in. Behind a proxy, begins to ask the proxy to relay
    /// datagrams, which go by this engine.
    pub(in crate::net::socket) fn bind(
        &mut self,
        address: BindAddress,
        port: u16,
        mode: BindMode,
    ) -> Result<(), Fault> {
        let Some(home) = &self.home else {
            return Err(Fault { kind: SocketError::Operation, source: None });
        };
        if self.state() != SocketState::Unconnected {
            return Err(Fault { kind: SocketError::Unknown, source: None });
        }
        let chosen = self.choose_to_bind(address)?;
        let (mut engine, address) =
            open(&*home.network, self.kind(), address, port).map_err(Fault::of_binding)?;
        self.prepare(&mut *engine)?;
        engine.bind(address, port, mode).map_err(Fault::of_binding)?;
        self.forget_local();
        self.begin_anew();
        if let Some(chosen) = chosen {
            self.set_error(None);
            self.forget_way();
            self.begin_attempt(Attempt::to_bind(chosen, Some(engine)));
            return Ok(());
        }
        self.phase.put_in(SocketState::Bound, engine);
        self.announce_state(SocketState::Bound);
        Ok(())
    }

    /// Makes an engine of a descriptor, with the options of this socket.
    pub(in crate::net::socket) fn adopted(
        &self,
        descriptor: OwnedFd,
    ) -> Result<Box<dyn SocketEngine>, Fault> {
        let Some(home) = &self.home else {
            return Err(Fault { kind: SocketError::Operation, source: None });
        };
        let adopted = match listens(&descriptor) {
            true => Err(ErrorKind::Unsupported.into()),
            false => home.network.adopt(self.kind(), descriptor),
        };
        let kind = SocketError::UnsupportedSocketOperation;
        let mut engine = adopted.map_err(|error| Fault { kind, source: Some(error) })?;
        self.prepare(&mut *engine)?;
        Ok(engine)
    }

    /// Puts in an engine that somebody else has made and brought into this state. Forgets what
    /// belonged to the connection before.
    pub(in crate::net::socket) fn put_in(
        &mut self,
        engine: Box<dyn SocketEngine>,
        state: SocketState,
        mode: OpenMode,
    ) {
        self.forget_steps();
        self.set_error(None);
        self.set_peer(engine.peer_addr().map(Endpoint::from).unwrap_or_default());
        self.forget_way();
        let before = self.state();
        self.forget_local();
        self.begin_anew();
        match state {
            SocketState::Connecting => {
                // Asked now, because the phase does not count a racing engine as the socket's own.
                self.set_local(Endpoint::local_of(&*engine).unwrap_or_default());
                self.phase.put_in_connecting(engine);
            }
            _ => self.phase.put_in(state, engine),
        }
        self.device.open(mode);
        if before != state {
            self.announce_state(state);
        }
    }

    /// Returns true if a server takes the socket in: then the engine is watched after the slots of
    /// `new_connection` have run.
    pub(in crate::net::socket) fn is_taken_in(&self) -> bool {
        self.home.as_ref().is_some_and(|home| home.newcomers.join(home.key()))
    }

    /// Begins to watch the engine, if there is one, and to announce the bytes that came before.
    pub(in crate::net::socket) fn watch(&mut self) -> io::Result<()> {
        // The system reports a TCP socket that was never connected as hung up, so a bound one is
        // watched only when it begins to connect.
        let is_idle = self.kind() == SocketType::Tcp && self.state() == SocketState::Bound;
        if let (Some(engine), Some(home), false) = (self.phase.engine_mut(), &self.home, is_idle) {
            engine.watch(home.key())?;
        }
        if self.announces_early() {
            self.postpone_traffic();
        }
        Ok(())
    }

    /// Tells the engine that the socket closes the connection. Returns true if the engine may be
    /// dropped.
    pub(in crate::net::socket) fn finish_engine(&mut self) -> bool {
        self.phase.engine_mut().is_none_or(|engine| engine.finish())
    }

    /// Tells the engine that its deadline has passed, if that is so.
    pub(in crate::net::socket) fn pass_deadline(&mut self) -> bool {
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else {
            return false;
        };
        let has_passed = engine.deadline().is_some_and(|deadline| deadline <= home.timers.now());
        if has_passed {
            engine.on_deadline();
        }
        has_passed
    }

    /// Lets a socket with a layer tell the layer what the program wants to hear of: a wait does not
    /// wake the socket otherwise.
    #[cfg(feature = "tls")]
    pub(in crate::net) fn tell_engine_wishes(&self) {
        if let Some(home) = self.home.as_ref().filter(|_| self.phase.has_layers()) {
            home.step(crate::net::tls::REPORTED);
        }
    }

    /// Sets an option on the socket's own engine and on those that race to become it.
    pub(super) fn set_on_engines(&mut self, option: SocketOption) -> io::Result<()> {
        let kind = self.kind();
        self.phase.set_option(option, kind)
    }

    /// Takes the engine of a socket that was connected or bound, which becomes unconnected.
    pub(super) fn take_engine(&mut self) -> Option<Box<dyn SocketEngine>> {
        self.phase.take_engine()
    }

    /// Puts a layer on the engine of an established connection. What was received and not read is for
    /// the layer, as what was written and not sent. Returns how many bytes that were to be sent the
    /// layer has got, and `None` if there is no such connection.
    #[cfg(feature = "tls")]
    pub(in crate::net::socket) fn put_layer(
        &mut self,
        stand_on: impl FnOnce(Box<dyn SocketEngine>, Vec<u8>, &[u8]) -> Box<dyn SocketEngine>,
    ) -> Option<usize> {
        if !self.is_connected() {
            return None;
        }
        let engine = self.phase.take_engine()?;
        let early = self.device.take_unread();
        let unsent = self.device.outgoing().to_vec();
        self.device.drop_outgoing();
        self.phase.put_in(SocketState::Connected, stand_on(engine, early, &unsent));
        Some(unsent.len())
    }

    /// Sets the state, for a class of its own that may have something else in place of an engine.
    pub(in crate::net::socket) fn set_state(&mut self, state: SocketState) {
        self.phase.move_to(state);
    }

    /// Breaks the connection, and emits the error. The state is unchanged until the slots have run.
    pub(in crate::net::socket) fn break_off(&mut self, Fault { kind, source }: Fault) {
        // Asks the engine for its address before it is dropped.
        self.local();
        self.phase.lose_engine();
        self.device.drop_outgoing();
        self.fail_for_good(kind, source);
        let is_closing = self.state() == SocketState::Closing;
        // Even if the step was recorded before, it must come after the error.
        self.record_last(if is_closing { Step::Closed } else { Step::Closing });
    }

    /// Closes the device, and drops what is to be sent and to be done. Returns the state that the
    /// socket had. A socket that is unconnected drops its engine or its wish.
    pub(in crate::net::socket) fn drop_all(&mut self) -> SocketState {
        self.device.drop_outgoing();
        self.device.close();
        let state = self.state();
        if state == SocketState::Unconnected {
            self.phase.leave();
        } else {
            self.forget_steps();
        }
        state
    }

    /// Closes the device without a signal.
    pub(in crate::net::socket) fn shut(&mut self) {
        self.device.shut();
    }

    /// Becomes unconnected. The addresses are kept until the slots have run.
    pub(in crate::net::socket) fn leave_state(&mut self) {
        // Asks the engine for its address before it is dropped.
        self.local();
        self.phase.leave();
        self.device.drop_outgoing();
        self.announce_state(SocketState::Unconnected);
        self.agenda.end_connection();
    }

    /// Emits the end of the connection, after [`leave_state`](Self::leave_state).
    pub(in crate::net::socket) fn announce_end(&mut self, was_finished: bool, was_connected: bool) {
        if !was_finished {
            self.device.finish_read_channel();
        }
        if was_connected {
            self.announce_disconnected();
        }
        self.record(Step::Forget);
    }

    /// Returns true if the socket has an engine of its own. The engines that race do not count.
    pub(in crate::net) fn has_engine(&self) -> bool {
        self.phase.engine().is_some()
    }

    #[inline]
    pub(in crate::net::socket) fn engine(&self) -> Option<&dyn SocketEngine> {
        self.phase.engine()
    }

    /// Returns true if the socket has an engine, its own or one of those that race to become it.
    pub(in crate::net::socket) fn is_valid(&self) -> bool {
        self.any_engine().is_some()
    }

    /// Returns true if the socket has no engine, or one that stands on another one.
    pub(in crate::net::socket) fn has_layers(&self) -> bool {
        self.phase.engine().is_none_or(|engine| engine.below().is_some())
    }

    /// Returns true if the engine holds written bytes that it has not passed to the engine below.
    pub(in crate::net::socket) fn holds_back(&self) -> bool {
        self.phase.engine().is_some_and(|engine| engine.holds_back())
    }

    /// Returns the descriptor of the engine, if there is one.
    pub(in crate::net::socket) fn lend_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.any_engine()?.lend_descriptor()
    }

    /// Returns the engine, if bytes or datagrams may come by it now, or could have come before.
    pub(in crate::net::socket) fn engine_under_way(&self) -> Option<&dyn SocketEngine> {
        self.phase.engine().filter(|_| self.is_under_way())
    }

    /// Returns the socket's own engine, or one of those that race to become it.
    pub(super) fn any_engine(&self) -> Option<&dyn SocketEngine> {
        self.phase.any_engine()
    }

    /// Returns the engine of a socket that is connected or bound, mutably.
    #[inline]
    pub(in crate::net::socket) fn engine_mut(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        self.phase.engine_mut()
    }

    /// Returns the engine of a connection that is not to be closed, mutably.
    #[inline]
    pub(in crate::net::socket) fn connected_engine(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        self.phase.connected_engine()
    }

    /// Returns the engine, if datagrams can be sent and received now, mutably.
    #[inline]
    pub(in crate::net::socket) fn datagram_engine(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        self.phase.datagram_engine()
    }

    /// Returns the engine, if datagrams can be taken from it now, mutably.
    #[inline]
    pub(in crate::net::socket) fn receiving_engine(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        self.phase.receiving_engine()
    }
}
