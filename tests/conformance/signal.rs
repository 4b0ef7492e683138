//! Signals by their names: the way from Qt's name to the typed signal of a class.

use serde_json::{Value, json};
use slotwire::object::Target;
use slotwire::prelude::*;
use slotwire::{Authenticator, ProxyAuthentication, QThread, QTimer};

use crate::dut::Dut;
use crate::names;
use crate::probe::Probe;
use crate::slot;

/// What a signal can carry.
pub(crate) trait Carried: Clone + 'static {
    /// The arguments as a trace shows them.
    fn show(&self) -> Vec<Value>;

    /// Where the answer goes, if this is a question for a password.
    fn authenticator(&self) -> Option<&Authenticator> {
        None
    }

    /// Connects a signal that carries this to a slot by its signature, if the types fit.
    fn connect<S: ?Sized + Target>(
        world: &mut World,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<Self>,
        receiver: Dut,
        slot: &str,
    ) -> Option<Connection> {
        slot::connect_bare(world, kind, sender, signal, receiver, slot)
    }

    /// Ends the connections of a signal that carries this to a slot by its signature.
    fn disconnect<S: ?Sized + Target>(
        world: &mut World,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<Self>,
        receiver: Dut,
        slot: &str,
    ) -> bool {
        slot::disconnect_bare(world, sender, signal, receiver, slot)
    }

    /// Connects a signal that carries this to a signal of a probe.
    fn connect_signal<S: ?Sized + Target>(
        world: &mut World,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<Self>,
        target: Obj<Probe>,
        target_signal: &str,
    ) -> Option<Connection> {
        // One that takes no argument is emitted without it.
        (target_signal == "n()").then(|| {
            world.connect_fn_with(kind, sender, signal, move |world, _| {
                if world.contains(target) {
                    world.emit(target, Probe::n, ());
                }
            })
        })
    }
}

impl Carried for () {
    fn show(&self) -> Vec<Value> {
        Vec::new()
    }

    fn connect_signal<S: ?Sized + Target>(
        world: &mut World,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<()>,
        target: Obj<Probe>,
        target_signal: &str,
    ) -> Option<Connection> {
        (target_signal == "n()")
            .then(|| world.connect_signal_with(kind, sender, signal, target, Probe::n))
    }
}

impl Carried for i32 {
    fn show(&self) -> Vec<Value> {
        vec![json!(self)]
    }

    fn connect<S: ?Sized + Target>(
        world: &mut World,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<Self>,
        receiver: Dut,
        slot: &str,
    ) -> Option<Connection> {
        slot::connect_number(world, kind, sender, signal, receiver, slot)
            .or_else(|| slot::connect_bare(world, kind, sender, signal, receiver, slot))
    }

    fn disconnect<S: ?Sized + Target>(
        world: &mut World,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<Self>,
        receiver: Dut,
        slot: &str,
    ) -> bool {
        slot::disconnect_number(world, sender, signal, receiver, slot)
            || slot::disconnect_bare(world, sender, signal, receiver, slot)
    }

    fn connect_signal<S: ?Sized + Target>(
        world: &mut World,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<Self>,
        target: Obj<Probe>,
        target_signal: &str,
    ) -> Option<Connection> {
        let same = match target_signal {
            "a(int)" => Probe::a,
            "b(int)" => Probe::b,
            "c(int)" => Probe::c,
            "n()" => {
                return Some(world.connect_fn_with(kind, sender, signal, move |world, _| {
                    if world.contains(target) {
                        world.emit(target, Probe::n, ());
                    }
                }));
            }
            _ => return None,
        };
        Some(world.connect_signal_with(kind, sender, signal, target, same))
    }
}

impl Carried for usize {
    fn show(&self) -> Vec<Value> {
        vec![json!(self)]
    }
}

impl Carried for (usize, usize) {
    fn show(&self) -> Vec<Value> {
        vec![json!(self.0), json!(self.1)]
    }
}

impl Carried for SocketState {
    fn show(&self) -> Vec<Value> {
        vec![json!(names::state(*self))]
    }
}

impl Carried for SocketError {
    fn show(&self) -> Vec<Value> {
        vec![json!(names::error(Some(*self)))]
    }
}

impl Carried for ProxyAuthentication {
    fn show(&self) -> Vec<Value> {
        let (proxy, authenticator) = (&self.proxy, &self.authenticator);
        vec![
            json!({
                "type": names::proxy_type(proxy.proxy_type()),
                "host": proxy.host_name(),
                "port": proxy.port(),
            }),
            json!({ "realm": authenticator.realm(), "user": authenticator.user() }),
        ]
    }

    fn authenticator(&self) -> Option<&Authenticator> {
        Some(&self.authenticator)
    }
}

/// Does something with a signal, whatever it carries and whose it is.
pub(crate) trait Visitor {
    type Output;

    fn visit<S: ?Sized + Target, A: Carried>(
        self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> Self::Output;
}

/// Shows the signal of this name, if the class has it, to `visitor`. `destroyed` is no field of any
/// class and not found here.
pub(crate) fn visit<V: Visitor>(object: Dut, name: &str, visitor: V) -> Option<V::Output> {
    if let Some(device) = object.device() {
        type Device = dyn QIODevice;
        match name {
            "readyRead" => return Some(visitor.visit(device, <Device as QIODevice>::ready_read)),
            "bytesWritten" => {
                return Some(visitor.visit(device, <Device as QIODevice>::bytes_written));
            }
            "aboutToClose" => {
                return Some(visitor.visit(device, <Device as QIODevice>::about_to_close));
            }
            "readChannelFinished" => {
                return Some(visitor.visit(device, <Device as QIODevice>::read_channel_finished));
            }
            "channelReadyRead" => {
                return Some(visitor.visit(device, <Device as QIODevice>::channel_ready_read));
            }
            "channelBytesWritten" => {
                return Some(visitor.visit(device, <Device as QIODevice>::channel_bytes_written));
            }
            _ => {}
        }
    }
    if let Some(socket) = object.socket() {
        type Socket = dyn QAbstractSocket;
        return Some(match name {
            "hostFound" => visitor.visit(socket, <Socket as QAbstractSocket>::host_found),
            "connected" => visitor.visit(socket, <Socket as QAbstractSocket>::connected),
            "disconnected" => visitor.visit(socket, <Socket as QAbstractSocket>::disconnected),
            "stateChanged" => visitor.visit(socket, <Socket as QAbstractSocket>::state_changed),
            "errorOccurred" => visitor.visit(socket, <Socket as QAbstractSocket>::error_occurred),
            "proxyAuthenticationRequired" => {
                visitor.visit(socket, <Socket as QAbstractSocket>::proxy_authentication_required)
            }
            _ => return None,
        });
    }
    match (object, name) {
        (Dut::Server(server), "newConnection") => {
            Some(visitor.visit(server, QTcpServer::new_connection))
        }
        (Dut::Server(server), "pendingConnectionAvailable") => {
            Some(visitor.visit(server, QTcpServer::pending_connection_available))
        }
        (Dut::Server(server), "acceptError") => {
            Some(visitor.visit(server, QTcpServer::accept_error))
        }
        (Dut::Timer(timer), "timeout") => Some(visitor.visit(timer, QTimer::timeout)),
        (Dut::Thread(thread), "started") => Some(visitor.visit(thread, QThread::started)),
        (Dut::Thread(thread), "finished") => Some(visitor.visit(thread, QThread::finished)),
        (Dut::Probe(probe), "a") => Some(visitor.visit(probe, Probe::a)),
        (Dut::Probe(probe), "b") => Some(visitor.visit(probe, Probe::b)),
        (Dut::Probe(probe), "c") => Some(visitor.visit(probe, Probe::c)),
        (Dut::Probe(probe), "n") => Some(visitor.visit(probe, Probe::n)),
        _ => None,
    }
}

/// The names of all signals that [`visit`] may find.
pub(crate) const ALL: [&str; 20] = [
    "readyRead",
    "bytesWritten",
    "aboutToClose",
    "readChannelFinished",
    "channelReadyRead",
    "channelBytesWritten",
    "hostFound",
    "connected",
    "disconnected",
    "stateChanged",
    "errorOccurred",
    "proxyAuthenticationRequired",
    "newConnection",
    "pendingConnectionAvailable",
    "acceptError",
    "timeout",
    "a",
    "b",
    "c",
    "n",
];

/// The name in a signature: `a` of `a(int)`.
pub(crate) fn name_in(signature: &str) -> &str {
    signature.split('(').next().unwrap_or(signature)
}
