//! The engine of a socket: how the socket gets it without an attempt, and how it loses it.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;

use super::core::SocketCore;
use crate::io::OpenMode;
#[cfg(feature = "tls")]
use crate::net::engine::Layer;
use crate::net::engine::{SocketEngine, listens, open};
use crate::net::shared::Home;
use crate::net::socket::attempt::Attempt;
use crate::net::socket::endpoint::Endpoint;
use crate::net::socket::fault::Fault;
use crate::net::socket::news::News;
use crate::net::socket::phase::Phase;
use crate::net::socket::step::Step;
use crate::net::values::{BindAddress, BindMode, SocketError, SocketState, SocketType};

impl SocketCore {
    /// Takes the runtime that the socket enters. Returns true if there is an engine to watch;
    /// otherwise begins to connect, if that was wished for.
    pub(in crate::net::socket) fn enter(&mut self, home: Home) -> bool {
        self.home = Some(home);
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
        self.phase = Phase::Bound(engine);
        self.announce_state(SocketState::Bound);
        Ok(())
    }

    /// Makes an engine of a descriptor, with the options of this socket.
    pub(in crate::net::socket) fn adopted(
        &self,
        descriptor: OwnedFd,
        home: &Home,
    ) -> Result<Box<dyn SocketEngine>, Fault> {
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
        self.peer = engine.peer_addr().map(Endpoint::from).unwrap_or_default();
        self.forget_way();
        let before = self.state();
        self.forget_local();
        self.begin_anew();
        self.phase = match state {
            SocketState::Connecting => {
                // Asked now, because the phase does not count a racing engine as the socket's own.
                self.set_local(Endpoint::local_of(&*engine).unwrap_or_default());
                Phase::Connecting(Box::new(Attempt::begun_elsewhere(engine)))
            }
            _ => Phase::with_engine(state, engine),
        };
        self.device.open(mode);
        if before != state {
            self.announce_state(state);
        }
    }

    /// Begins to watch the engine, if there is one.
    pub(in crate::net::socket) fn watch(&mut self) -> io::Result<()> {
        // The system reports a TCP socket that was never connected as hung up, so a bound one is
        // watched only when it begins to connect.
        if self.kind() == SocketType::Tcp && self.state() == SocketState::Bound {
            return Ok(());
        }
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else {
            return Ok(());
        };
        engine.watch(home.key())
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

    /// Sets the layer that stands on the next connection, above those of its route.
    #[cfg(feature = "tls")]
    pub(in crate::net::socket) fn set_next_layer(&mut self, layer: Layer) {
        self.extra_mut().next_layer = Some(layer);
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
        self.phase = Phase::Connected(stand_on(engine, early, &unsent));
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
        self.fail(kind, source);
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
            self.phase = Phase::Unconnected;
        } else {
            self.forget_steps();
        }
        state
    }

    /// Becomes unconnected. The addresses are kept until the slots have run.
    pub(in crate::net::socket) fn leave_state(&mut self) {
        // Asks the engine for its address before it is dropped.
        self.local();
        self.phase = Phase::Unconnected;
        self.device.drop_outgoing();
        self.announce_state(SocketState::Unconnected);
        self.announcement.end();
    }

    /// Emits the end of the connection, after [`leave_state`](Self::leave_state).
    pub(in crate::net::socket) fn announce_end(&mut self, was_finished: bool, was_connected: bool) {
        if !was_finished {
            self.device.finish_read_channel();
        }
        if was_connected {
            self.signals().disconnected.emit(());
            self.note(News::ENDED);
        }
        self.record(Step::Forget);
    }
}
