//! `StateMachine`: the transitions that TCP and UDP sockets have in common.
//!
//! A socket of either kind has a [`SocketCore`]. What differs between the kinds is behind the
//! required methods: a stream has two halves, each with an end of its own, and datagrams have none.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use super::core::{Established, SocketCore};
use super::fault::{Fault, copy_of};
use super::step::{DELIVERED, Step};
use crate::io::OpenMode;
use crate::net::shared::{Home, Newcomers};
use crate::net::values::{
    BindAddress, BindMode, NetError, NetworkLayerProtocol, SocketError, SocketState,
};
use crate::object::{Anchor, Occasion};
use crate::readiness::{Readiness, SourceId};

/// The state machine of a socket of either kind.
///
/// Public only because the methods that [`QAbstractSocket`](crate::QAbstractSocket) provides go
/// through it.
#[expect(missing_debug_implementations, reason = "it is a reference that no program sees")]
pub struct Machine<'a>(&'a mut (dyn StateMachine + 'static));

impl<'a> Machine<'a> {
    /// Called when the socket enters its runtime.
    pub fn enter(self, anchor: &Anchor<'_>) {
        self.0.enter(anchor);
    }

    /// Called when the socket leaves its runtime.
    pub fn leave(self) {
        self.0.leave();
    }

    #[inline]
    pub(in crate::net) fn get(self) -> &'a mut (dyn StateMachine + 'static) {
        self.0
    }

    #[inline]
    pub(in crate::net) fn core(self) -> &'a mut SocketCore {
        self.0.core_mut()
    }
}

impl<'a, M: StateMachine + 'static> From<&'a mut M> for Machine<'a> {
    #[inline]
    fn from(machine: &'a mut M) -> Self {
        Self(machine)
    }
}

/// A socket of either kind: its core, what differs between the kinds, and the transitions that they
/// have in common.
pub(in crate::net) trait StateMachine {
    fn core(&self) -> &SocketCore;

    fn core_mut(&mut self) -> &mut SocketCore;

    /// Called when the loop comes to the traffic that the socket has postponed. Returns true if the
    /// caller must emit `ready_read`.
    fn on_postponed(&mut self) -> bool;

    /// Called when a wait for this socket has found that there may be something to read.
    fn on_awaited_to_read(&mut self, readiness: Readiness);

    /// Called when a wait for this socket has found that there may be room to write.
    fn on_awaited_to_write(&mut self, readiness: Readiness);

    /// Called when a source of the attempt to connect was ready for this. The end of the peer can
    /// come together with the connection, and is reported only once.
    fn on_ready_while_connecting(&mut self, readiness: Readiness);

    /// Called when the socket is connected, or bound by a proxy.
    fn on_established(&mut self);

    /// Called when a connection or a binding begins: forgets what belonged to the one before.
    fn on_begin(&mut self);

    /// Called when the socket becomes unconnected: forgets the connection. Returns true if
    /// `read_channel_finished` was emitted before.
    fn on_end(&mut self) -> bool;

    /// Called when the connection is lost, with what was written and is not sent.
    fn on_lost(&mut self);

    /// Called when a bound socket that has no peer is closed.
    fn on_closed_without_peer(&mut self);

    /// Called when the slots of `bytes_written` have run.
    fn on_written(&mut self);

    /// Called when the buffer has room again, or a limit has changed.
    fn make_room(&mut self);

    /// Closes this end when all written bytes are sent.
    fn shutdown_write(&mut self);

    /// Drops what is known to wait in the kernel.
    fn drop_input(&mut self);

    /// Returns true if reads and writes go past the buffers.
    fn is_direct(&self) -> bool;

    /// Returns true if reading may bring something.
    fn may_read(&self) -> bool;

    /// Returns true if the socket has bytes to send, or closes this end after the last byte.
    fn may_write(&self) -> bool;

    /// Returns true if `ready_read` was emitted for a socket without a buffer, and the program has not
    /// read since.
    fn has_pending(&self) -> bool;

    /// Returns true if no more bytes will come.
    fn has_ended(&self) -> bool;

    /// Returns true if written bytes wait in the buffer, or in the engine.
    fn has_to_send(&self) -> bool;

    /// Returns true if written bytes have not gone out, or `bytes_written` was not emitted for
    /// them.
    fn has_unsent(&self) -> bool;

    /// Returns true if the connection was lost before all bytes were sent.
    fn was_cut_off(&self) -> bool;

    /// Called when the socket is woken for something else than a message. Returns true if
    /// `ready_read` must be emitted. Out of line, so that a message does not pay for the registers
    /// that this needs.
    #[inline(never)]
    fn wake_apart(&mut self, occasion: Occasion) -> bool {
        match occasion {
            Occasion::Postponed => return self.on_postponed(),
            Occasion::Step(Newcomers::ANNOUNCED) => self.watch(),
            Occasion::Step(DELIVERED) => self.core_mut().on_delivered(),
            Occasion::Step(number) => self.take_step(number),
            Occasion::Due => self.on_due(),
            Occasion::Answered => {
                let established = self.core_mut().on_answer();
                self.go_on(established);
            }
            Occasion::Ready(..) | Occasion::FollowUp => {}
        }
        false
    }

    /// Called when the time of the attempt to connect has come, or that of the engine.
    fn on_due(&mut self) {
        if self.core().has_attempt() {
            return self.on_timeout();
        }
        if self.core_mut().pass_deadline() {
            self.go_on_with_engine();
        }
    }

    /// Called when the program resumes a socket that has paused.
    fn resume(&mut self) {
        if let Some(engine) = self.core_mut().engine_mut() {
            engine.resume();
        }
        self.make_room();
    }

    /// Called when the engine can go on although none of its sources is ready: postpones reading and
    /// sending.
    fn go_on_with_engine(&mut self);

    /// Called when the engine still has to do something before the connection may be dropped.
    fn wait_to_finish(&mut self);

    /// Called when the socket enters its runtime: begins to watch its engine, or to connect.
    fn enter(&mut self, anchor: &Anchor<'_>) {
        if self.core_mut().enter(|| Home::of(anchor)) {
            self.begin_to_watch();
        }
    }

    /// Takes the last steps of a socket that is about to be destroyed.
    fn leave(&mut self) {
        if self.core().state() != SocketState::Unconnected {
            self.abort();
        }
    }

    /// Begins to watch the engine: now, or after the slots of `new_connection` if a server takes
    /// the connection in.
    fn begin_to_watch(&mut self) {
        if !self.core().is_taken_in() {
            self.watch();
        }
    }

    /// Begins to watch the engine.
    fn watch(&mut self) {
        if let Err(error) = self.core_mut().watch() {
            self.lost(Fault { kind: SocketError::SocketResource, source: Some(error) });
        }
    }

    /// Takes the step with this number, if that step still waits.
    fn take_step(&mut self, number: u32) {
        if let Some(step) = self.core_mut().step(number) {
            self.take(step);
        }
    }

    /// Takes all recorded steps now, because something new begins. Does nothing while the slots run
    /// that could answer a question.
    fn settle(&mut self) {
        if self.core().is_connecting() && self.core().is_recorded(Step::Answered) {
            return;
        }
        while let Some(step) = self.core_mut().next_step() {
            self.take(step);
        }
    }

    /// Takes all recorded steps now, and does not wait any longer for the peer's answer to the end of
    /// a connection.
    fn settle_to_begin(&mut self) {
        self.settle();
        let is_closing = self.core().state() == SocketState::Closing && self.core().has_engine();
        if is_closing && !self.may_write() {
            self.drop_input();
            self.end(true);
        }
    }

    /// Carries out a step.
    fn take(&mut self, step: Step) {
        match step {
            Step::Resolved => self.core_mut().begin_to_connect(),
            Step::TryNext => {
                let established = self.core_mut().try_next();
                self.go_on(established);
            }
            Step::Begin { to_close: true } => self.disconnect_from_host(),
            Step::Begin { to_close: false } => self.core_mut().postpone_traffic(),
            Step::Answered => {
                let established = self.core_mut().on_question_answered();
                self.go_on(established);
            }
            Step::Drained => self.on_written(),
            Step::Close => {
                self.core_mut().shut();
                self.close();
            }
            Step::Closing => {
                self.core_mut().change_state(SocketState::Closing);
                if self.core().tells_of_states() {
                    self.core_mut().record(Step::Closed);
                } else {
                    // No slot can see the state between the two steps.
                    self.take(Step::Closed);
                }
            }
            // Slots may have written since: the bytes are sent first.
            Step::Closed if self.core().has_engine() && self.has_to_send() => {
                self.core_mut().postpone_traffic();
            }
            Step::Closed if !self.core_mut().finish_engine() => self.wait_to_finish(),
            Step::Closed => {
                self.drop_input();
                self.end(true);
            }
            Step::Forget => self.core_mut().forget_ends(),
        }
    }

    /// Begins to connect to a host, or to one address.
    fn connect_to_host(
        &mut self,
        name: String,
        address: Option<SocketAddr>,
        port: u16,
        mode: OpenMode,
        protocol: NetworkLayerProtocol,
    ) {
        self.settle_to_begin();
        if !matches!(self.core().state(), SocketState::Unconnected | SocketState::Bound) {
            return self.core_mut().fail(SocketError::Operation, None);
        }
        self.on_begin();
        self.core_mut().begin_to_reach(name, address, port, mode, protocol);
    }

    /// Binds the socket to an address of this host.
    fn bind(&mut self, address: BindAddress, port: u16, mode: BindMode) -> Result<(), NetError> {
        self.settle_to_begin();
        let reason = match self.core().state() {
            _ if !self.core().is_in_runtime() => " before the socket is in a runtime".to_owned(),
            SocketState::Unconnected => String::new(),
            state => format!(" while the socket is {state:?}"),
        };
        let operation = || format!("bind to {}{reason}", address.described(port));
        self.core_mut().bind(address, port, mode).map_err(|Fault { kind, source }| {
            let copy = source.as_ref().map(copy_of);
            self.core_mut().fail(kind, copy);
            NetError::new(kind, operation(), source)
        })?;
        self.on_begin();
        self.watch();
        Ok(())
    }

    /// Takes over a descriptor. `state` is the state of its socket.
    fn set_socket_descriptor(
        &mut self,
        descriptor: OwnedFd,
        state: SocketState,
        mode: OpenMode,
    ) -> Result<(), NetError> {
        let operation = "take over a descriptor";
        let core = self.core_mut();
        if !core.is_in_runtime() {
            let operation = format!("{operation} before the socket is in a runtime");
            return Err(NetError::new(SocketError::Operation, operation, None));
        }
        if matches!(state, SocketState::HostLookup | SocketState::Listening | SocketState::Closing)
        {
            let operation = format!("{operation} in the state {state:?}");
            return Err(NetError::new(SocketError::Operation, operation, None));
        }
        match core.adopted(descriptor) {
            Ok(engine) => core.put_in(engine, state, mode),
            Err(Fault { kind, source }) => {
                core.set_error(Some(kind));
                return Err(NetError::new(kind, operation, source));
            }
        }
        self.on_begin();
        match state {
            SocketState::Connecting => self.core_mut().go_on_connecting(),
            _ => self.watch(),
        }
        Ok(())
    }

    fn disconnect_from_host(&mut self) {
        self.settle();
        match self.core().state() {
            SocketState::Unconnected
            | SocketState::HostLookup
            | SocketState::Connecting
            | SocketState::Listening => {
                self.core_mut().close_when_connected();
            }
            // Unsent bytes still go out in the loop's passes.
            SocketState::Closing => {}
            SocketState::Connected | SocketState::Bound => {
                if self.core().state() == SocketState::Bound {
                    self.on_closed_without_peer();
                }
                self.core_mut().change_state(SocketState::Closing);
                if self.has_unsent() {
                    self.core_mut().postpone_traffic();
                } else {
                    self.core_mut().record(Step::Closed);
                }
            }
        }
    }

    /// Ends the connection because the device was closed.
    fn close(&mut self) {
        if self.core().state() == SocketState::Unconnected {
            self.core_mut().set_error(None);
        }
        self.disconnect_from_host();
    }

    fn abort(&mut self) {
        let state = self.core_mut().drop_all();
        if state != SocketState::Unconnected {
            self.end(matches!(state, SocketState::Connected | SocketState::Closing));
        }
    }

    fn abort_with_reset(&mut self) {
        let has_connection = self.core().has_connection();
        if let Some(traffic) = self.core_mut().traffic().filter(|_| has_connection) {
            traffic.reset();
        }
        self.abort();
    }

    /// Makes the socket unconnected. The addresses are kept until the slots have run.
    fn end(&mut self, was_connected: bool) {
        self.core_mut().leave_state();
        let was_finished = self.on_end();
        self.core_mut().announce_end(was_finished, was_connected);
    }

    /// Called when the connection is lost. Emits the error while the state is still unchanged, then
    /// closes the socket.
    fn lost(&mut self, fault: Fault) {
        self.core_mut().announce_early();
        self.on_lost();
        self.core_mut().break_off(fault);
    }

    /// Called when a source of the attempt to connect is ready.
    fn go_on_with_attempt(&mut self, source: Option<SourceId>, readiness: Readiness) {
        let established = self.core_mut().on_ready_to_connect(source, readiness);
        self.go_on(established);
        self.on_ready_while_connecting(readiness);
    }

    /// Takes the addresses of the peer's name, or the error, from a call that waits without a loop.
    fn on_resolved(&mut self, found: io::Result<Vec<SocketAddr>>) {
        let established = self.core_mut().on_resolved(found);
        self.go_on(established);
    }

    /// Called when the time of the attempt to connect has come.
    fn on_timeout(&mut self) {
        let established = self.core_mut().on_timeout();
        self.go_on(established);
    }

    /// Begins with the traffic, after the slots of the signals, if the socket is connected or bound
    /// since the last step of its attempt.
    fn go_on(&mut self, established: Option<Established>) {
        if let Some(Established { to_close }) = established {
            self.on_established();
            self.core_mut().record(Step::Begin { to_close });
        }
    }

    /// Called when a wait for this socket has found sources ready. Returns what the socket's engine
    /// is ready for as a result. An attempt to connect goes on at once.
    fn on_awaited(&mut self, ready: &[(Option<SourceId>, Readiness)]) -> Readiness {
        let mut any = self.core().ready_now();
        for &(source, readiness) in ready.iter().filter(|(_, it)| *it != Readiness::default()) {
            if self.core().is_connecting() {
                self.go_on_with_attempt(source, readiness);
            } else if let Some(engine) = self.core_mut().engine_mut() {
                any = any | engine.ready(source, readiness);
            }
        }
        any
    }
}
