//! Waiting for one server, without the event loop.
//!
//! A wait polls one server and delivers its emissions, as one for a socket does: see
//! `socket_wait.rs`.

use std::time::{Duration, Instant};

use super::wait_steps::{Lookup, deliver_before, look_up, turn_of, wait_on};
use crate::event_loop::Runtime;
use crate::net::engine::{Awaited, Interest};
use crate::net::server::{QTcpServer, forget_destroyed};
use crate::net::values::SocketError;
use crate::object::Obj;
use crate::readiness::Readiness;

/// Waiting for one server: as waiting for a socket, for its server alone.
impl Runtime {
    /// Waits until a connection is accepted.
    ///
    /// Returns true if at least one connection is accepted before the call returns. Accepts all
    /// connections that wait in the kernel, as in a pass of the loop, up to the server's
    /// [limit](QTcpServer::set_max_pending_connections), even while the server is paused.
    ///
    /// Behind a [proxy](QTcpServer::set_proxy), first waits until the proxy listens.
    ///
    /// Returns false at once if the server does not listen, or if the limit of pending connections
    /// is reached. Returns false if the proxy does not listen or accepting fails, in which case
    /// [`accept_error`](QTcpServer::accept_error) is emitted, or if the wait takes longer than
    /// `timeout`: then [`server_error`](QTcpServer::server_error) returns
    /// [`SocketTimeout`](SocketError::SocketTimeout).
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    #[doc(alias = "waitForNewConnection")]
    pub fn wait_for_new_connection(
        &mut self,
        server: Obj<QTcpServer>,
        timeout: Option<Duration>,
    ) -> bool {
        let deadline = timeout.map(|timeout| self.timers().after(timeout));
        loop {
            if !finish_binding(self, server, deadline) {
                return self.has_timed_out(server);
            }
            forget_destroyed(self, server);
            let Some(Some((engine, network))) = self.get(server).map(QTcpServer::awaited) else {
                return false;
            };
            let interest = Interest { to_read: true, to_write: false };
            let mut sockets = Vec::with_capacity(1);
            Awaited::collect(engine, interest, &mut sockets);
            let readiness = match engine.ready_now().readable {
                true => Some(vec![engine.ready_now()]),
                false => wait_on(self, &*network, &sockets, deadline),
            };
            match readiness {
                Some(readiness) if readiness.iter().any(|ready| ready.readable) => {
                    match QTcpServer::accept_awaited(self, server) {
                        Ok(true) => return true,
                        Ok(false) => {}
                        Err(_) => return false,
                    }
                }
                Some(_) => {}
                None => return self.has_timed_out(server),
            }
        }
    }

    /// Waits until a server listens that has asked its [proxy](QTcpServer::set_proxy) to.
    ///
    /// Returns true if the server listens when the call returns, so that
    /// [`server_port`](QTcpServer::server_port) is known. Returns false if the proxy refuses or
    /// fails; if the server was not asked to listen; or if this takes longer than `timeout`: then
    /// [`server_error`](QTcpServer::server_error) returns
    /// [`SocketTimeout`](SocketError::SocketTimeout), and the server goes on asking.
    ///
    /// A server without a proxy listens when [`listen`](QTcpServer::listen) returns. Qt has no such
    /// call, because its `listen` blocks for up to 5 seconds.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    pub fn wait_for_listening(
        &mut self,
        server: Obj<QTcpServer>,
        timeout: Option<Duration>,
    ) -> bool {
        let deadline = timeout.map(|timeout| self.timers().after(timeout));
        match finish_binding(self, server, deadline) {
            true => self.get(server).is_some_and(QTcpServer::is_listening),
            false => self.has_timed_out(server),
        }
    }

    /// Sets the server's error to `SocketTimeout`, and returns false.
    fn has_timed_out(&mut self, server: Obj<QTcpServer>) -> bool {
        if let Some(server) = self.get_mut(server) {
            let timeout = SocketError::SocketTimeout;
            server.set_error(timeout, timeout.to_string());
        }
        false
    }
}

/// Delivers what was recorded before, and waits until the proxy of a server listens or has refused
/// to, if it is asked to. Returns false if the deadline passes before: then the server goes on
/// asking.
fn finish_binding(
    runtime: &mut Runtime,
    server: Obj<QTcpServer>,
    deadline: Option<Instant>,
) -> bool {
    // A question, and the step after its slots, may be in a turn that was put aside.
    while deliver_before(runtime, server, deadline) {
        let Some(this) = runtime.get(server) else { return true };
        let (Some(attempt), Some(network)) = (this.binding(), this.network()) else { return true };
        let next_try = attempt.next_timeout();
        if attempt.looks_up() {
            let name = attempt.name_to_look_up("").to_owned();
            match look_up(runtime, &*network, &name, next_try, deadline) {
                Lookup::Answered(found) => turn_of(runtime, server, |server| {
                    server.on_proxy_found(found);
                }),
                Lookup::Due => turn_of(runtime, server, QTcpServer::on_binding_timeout),
                Lookup::TooLate => return false,
            }
            continue;
        }
        let mut sockets = Vec::new();
        attempt.add_awaited(Interest { to_read: true, to_write: true }, &mut sockets);
        let nearest = next_try.into_iter().chain(deadline).min();
        match wait_on(runtime, &*network, &sockets, nearest) {
            Some(ready) => {
                let sources = sockets.iter().map(|socket| socket.engine.source());
                let ready: Vec<_> = sources.zip(ready).collect();
                turn_of(runtime, server, |server| {
                    for (source, readiness) in ready {
                        if readiness != Readiness::default() {
                            server.on_binding_ready(source, readiness);
                        }
                    }
                });
            }
            None if nearest == deadline => return false,
            None => turn_of(runtime, server, QTcpServer::on_binding_timeout),
        }
    }
    false
}
