//! How a server accepts the connections that wait in the kernel.
//!
//! The kernel reports a waiting connection once. So if the server cannot accept it (a limit, a
//! pause, a lack of descriptors), the server remembers this, and tries again later.

use std::io::{self, ErrorKind};
use std::rc::Rc;

use super::incoming::{Incoming, OnIncoming};
use super::listen_phase::ListenPhase;
use super::preparation::Preparation;
use super::tcp_server::QTcpServer;
use crate::net::engine::{Accepted, Network, SocketEngine};
use crate::net::shared::{Facilities, Home};
use crate::net::socket::{Endpoint, QTcpSocket};
use crate::net::values::SocketError;
use crate::object::{Context, Obj, ObjectKey, Occasion, Origin, Response, World};

/// The number of the step that destroys abandoned connections.
pub(super) const ABANDONED: u32 = 0;

/// How many connections a server accepts in one pass of the loop, so that it does not delay others.
const ACCEPTS_PER_PASS: usize = 64;

impl QTcpServer {
    pub(super) fn woken(&mut self, occasion: Occasion) -> Response {
        match occasion {
            Occasion::Step(ABANDONED) => return Response::needs(destroy_abandoned),
            Occasion::Postponed => self.accepting.is_postponed = false,
            _ if self.binding().is_some() => {
                self.woken_while_binding(occasion);
                return Response::DONE;
            }
            Occasion::Ready(..) | Occasion::Due => {}
            Occasion::Step(_) | Occasion::FollowUp | Occasion::Answered => return Response::DONE,
        }
        Response::needs(accept_waiting)
    }

    fn may_accept(&self) -> bool {
        !self.accepting.is_paused && !self.is_full()
    }

    /// Returns true if as many connections as may are pending, or in preparation.
    fn is_full(&self) -> bool {
        self.pending.len() >= self.max_pending_connections()
            || self.preparation.as_ref().is_some_and(Preparation::is_full)
    }

    /// Postpones accepting, if more connections may wait and the server may accept them.
    pub(super) fn go_on_if_more(&mut self) {
        if self.accepting.has_more
            && !self.accepting.is_postponed
            && self.may_accept()
            && self.accepting.retry.is_none()
            && let Some(home) = &self.home
        {
            self.accepting.is_postponed = true;
            home.postpone();
        }
    }

    /// Stops retrying, and forgets that connections may wait in the kernel.
    pub(super) fn stop_accepting(&mut self) {
        self.stop_retrying();
        self.accepting.forget();
    }

    /// Returns the engine that a wait for a connection waits for. `None` if no more connections may
    /// be accepted.
    pub(in crate::net) fn awaited(&self) -> Option<(&dyn SocketEngine, Rc<dyn Network>)> {
        if self.is_full() {
            return None;
        }
        Some((self.phase.engine()?, self.home.as_ref()?.network.clone()))
    }

    /// Accepts the waiting connections, even if the server is paused. Returns true if there was at
    /// least one.
    pub(in crate::net) fn accept_awaited(
        world: &mut World,
        server: Obj<Self>,
    ) -> Result<bool, SocketError> {
        let Some(key) = world.own(server) else { return Ok(false) };
        for count in 0..ACCEPTS_PER_PASS {
            let accepted = world.on_behalf_of(Origin::Object(key), |world| {
                world.turn(|world| {
                    let Some(this) = world.get_mut(server).filter(|this| !this.is_full()) else {
                        return Ok(None);
                    };
                    this.stop_retrying();
                    this.accepting.has_more = true;
                    let accepted = this.accept_next()?;
                    let accepted = accepted.and_then(|it| Some((it, this.admit()?)));
                    this.go_on_if_more();
                    Ok(accepted.and_then(|accepted| take_in(world, key, accepted)))
                })
            });
            match accepted {
                Ok(Some(())) => {}
                // After the first connection the call has succeeded.
                Err(error) if count == 0 => return Err(error),
                Ok(None) | Err(_) => return Ok(count > 0),
            }
        }
        Ok(true)
    }

    /// Accepts one connection, if one waits and the server may accept it.
    fn accept(&mut self) -> Option<Accepted> {
        self.stop_retrying();
        self.accepting.has_more = true;
        if self.may_accept() { self.accept_next().unwrap_or(None) } else { None }
    }

    /// Accepts one connection, if one waits. Emits `accept_error` on failure.
    fn accept_next(&mut self) -> Result<Option<Accepted>, SocketError> {
        let (ListenPhase::Here(engine) | ListenPhase::AtProxy(engine)) = &mut self.phase else {
            return Ok(None);
        };
        match engine.accept() {
            Ok(accepted) => {
                self.accepting.succeeded();
                Ok(Some(accepted))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.accepting.has_more = false;
                self.accepting.succeeded();
                Ok(None)
            }
            // The peer gave up while it waited. Another connection may wait.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {
                self.go_on_if_more();
                Ok(None)
            }
            Err(error) => {
                match self.phase {
                    ListenPhase::AtProxy(_) => self.stop_listening(),
                    _ => self.retry_later(),
                }
                Err(self.fail(&error))
            }
        }
    }

    pub(super) fn fail(&mut self, error: &io::Error) -> SocketError {
        let kind = SocketError::of_accepting(error);
        self.report(kind, error.to_string());
        kind
    }

    /// Makes an error the last one, and emits it.
    pub(super) fn report(&mut self, kind: SocketError, text: String) {
        self.set_error(kind, text);
        self.accept_error.emit(kind);
    }

    /// Tries again after a delay: the kernel reports a waiting connection only once.
    fn retry_later(&mut self) {
        let Some(home) = &self.home else { return };
        let delay = self.accepting.next_delay();
        self.accepting.has_more = true;
        self.accepting.retry = Some(home.timers.arm(home.timers.after(delay), home.key()));
    }

    fn stop_retrying(&mut self) {
        if let (Some(timer), Some(home)) = (self.accepting.retry.take(), &self.home) {
            home.timers.disarm(timer);
        }
    }

    /// Called when a connection was accepted. Returns what all connections of this server have in
    /// common. A server behind a proxy stops listening after one connection.
    fn admit(&mut self) -> Option<Reception> {
        let reception = Reception {
            local: self.local.clone().filter(|local| local.is_one_address()),
            on_incoming: self.on_incoming.clone(),
            facilities: self.home.as_ref()?.parts().clone(),
        };
        if let ListenPhase::AtProxy(_) = self.phase {
            self.stop_listening();
        }
        Some(reception)
    }
}

/// What all connections of a server have in common.
struct Reception {
    /// The address of this end, if it is the same for all connections.
    local: Option<Rc<Endpoint>>,
    on_incoming: Option<OnIncoming>,
    facilities: Rc<Facilities>,
}

impl Drop for QTcpServer {
    fn drop(&mut self) {
        self.stop_retrying();
    }
}

/// Destroys the connections that a closed server had accepted and the program had not taken.
fn destroy_abandoned(world: &mut World, key: ObjectKey) {
    let server = world.handle::<QTcpServer>(key);
    let abandoned = world.get_mut(server).map(|server| std::mem::take(&mut server.abandoned));
    for socket in abandoned.into_iter().flatten() {
        world.destroy(socket);
    }
}

/// Accepts the waiting connections, and announces each one before it accepts the next. If the turn
/// of an announcement is put aside, the others wait for it.
fn accept_waiting(world: &mut World, key: ObjectKey) {
    let server = world.handle::<QTcpServer>(key);
    /// Accepts some of the waiting connections. Its drop, after a panic of a slot too, postpones
    /// accepting the others.
    struct Batch<'a>(&'a mut World, Obj<QTcpServer>);

    impl Drop for Batch<'_> {
        fn drop(&mut self) {
            if let Some(server) = self.0.get_mut(self.1) {
                server.go_on_if_more();
            }
        }
    }

    forget_destroyed(world, server);
    let batch = Batch(world, server);
    for _ in 0..ACCEPTS_PER_PASS {
        let accepted = batch.0.turn(|world| {
            let this = world.get_mut(server)?;
            let accepted = (this.accept()?, this.admit()?);
            take_in(world, key, accepted)
        });
        if accepted.is_none() {
            // `accept` has postponed accepting more, if necessary.
            std::mem::forget(batch);
            return;
        }
        if batch.0.is_held_up(Origin::Object(key)) {
            // The announcement was put aside. The next connection must not overtake this one.
            return;
        }
    }
}

/// Makes a socket of a connection, or gives it to the hook of the class.
fn take_in(
    world: &mut World,
    key: ObjectKey,
    (accepted, reception): (Accepted, Reception),
) -> Option<()> {
    let server = world.handle::<QTcpServer>(key);
    let Reception { local, on_incoming, facilities } = reception;
    let _announcement = facilities.newcomers.take_in(&facilities.wakeups);
    match on_incoming {
        Some(on_incoming) => {
            on_incoming.call(world, key, Incoming::new(accepted, local));
            let this = world.get_mut(server)?;
            // A class that prepares its connections announces them when they are ready.
            if this.preparation.is_none() {
                this.new_connection().emit(());
            }
        }
        None => {
            // The object is made in its place, which saves a copy.
            let make = |cx: &mut Context<'_, _>| {
                let home = Home::new(cx.this().key, facilities.clone());
                QTcpSocket::accepted(accepted, local, Some(home))
            };
            let socket = world.add_child_of_with(server, make);
            let this = world.get_mut(server)?;
            this.add_pending_connection(socket);
            this.new_connection().emit(());
        }
    }
    Some(())
}

/// Removes the pending connections that were destroyed, so that the server may accept others.
pub(in crate::net) fn forget_destroyed(world: &mut World, server: Obj<QTcpServer>) {
    let pending = world.get_mut(server).map(|server| std::mem::take(&mut server.pending));
    let mut pending = pending.unwrap_or_default();
    pending.retain(|&socket| world.contains(socket));
    if let Some(server) = world.get_mut(server) {
        server.pending = pending;
    }
}
