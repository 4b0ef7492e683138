//! Wiring: watching signals, reacting to them, connecting and disconnecting.

use std::rc::Rc;

use serde_json::Value;
use slotwire::Authenticator;
use slotwire::object::Target;
use slotwire::prelude::*;

use crate::answer::{Answer, Missing, Outcome, missing};
use crate::dut::Dut;
use crate::names;
use crate::probe::Probe;
use crate::program;
use crate::scenario::{Connect, Disconnect, Op};
use crate::signal::{self, Carried, Visitor, name_in};
use crate::stage::Stage;

/// An emission.
struct Emission<'a> {
    /// The arguments, as a trace shows them, except ports.
    args: Vec<Value>,
    /// Where the answer of a question for a password goes.
    authenticator: Option<&'a Authenticator>,
}

/// Calls a closure with each emission.
struct Listen<'w, F> {
    world: &'w mut World,
    kind: ConnectionType,
    on_emission: F,
}

impl<F: FnMut(&mut World, Emission<'_>) + 'static> Visitor for Listen<'_, F> {
    type Output = Connection;

    fn visit<S: ?Sized + Target, A: Carried>(
        self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> Connection {
        let mut on_emission = self.on_emission;
        self.world.connect_fn_with(self.kind, sender, signal, move |world, argument| {
            let authenticator = argument.authenticator();
            on_emission(world, Emission { args: argument.show(), authenticator });
        })
    }
}

/// Has a closure called with the arguments of each emission of a signal.
fn listen(
    world: &mut World,
    kind: ConnectionType,
    object: Dut,
    name: &str,
    mut on_emission: impl FnMut(&mut World, Emission<'_>) + 'static,
) -> Result<Connection, Missing> {
    let made = match name {
        "destroyed" => Some(world.connect_destroyed_fn(object.erase(), move |world, _| {
            on_emission(world, Emission { args: Vec::new(), authenticator: None });
        })),
        "objectNameChanged" => {
            let object = object.erase();
            Some(world.connect_object_name_changed_fn(object, move |world, name| {
                let args = vec![name.as_str().into()];
                on_emission(world, Emission { args, authenticator: None });
            }))
        }
        _ => signal::visit(object, name, Listen { world, kind, on_emission }),
    };
    made.ok_or_else(|| Missing(format!("signal {}.{name}", object.class_name())))
}

/// Notes every emission of a signal of `object`, which is called `id`, from now on.
pub(crate) fn watch(
    stage: &Rc<Stage>,
    world: &mut World,
    id: &str,
    object: Dut,
    name: &str,
) -> Result<(), Missing> {
    let (stage, signal) = (stage.clone(), format!("{id}.{name}"));
    let socket = object.socket().filter(|_| name != "destroyed");
    listen(world, ConnectionType::DIRECT, object, name, move |world, Emission { args, .. }| {
        let args = stage.symbols.borrow().show_ports(args);
        let state = socket.and_then(|socket| Some(names::state(world.get(socket)?.state())));
        stage.log.borrow_mut().signal(signal.clone(), args, state);
    })
    .map(drop)
}

/// Carries out a program when a signal is emitted, at most `times` times after the first `skip`.
pub(crate) fn react(
    stage: &Rc<Stage>,
    world: &mut World,
    object: Dut,
    name: &str,
    kind: Option<&str>,
    program: &Rc<[Op]>,
    (mut skip, mut times): (u64, Option<u64>),
) -> Result<(), Missing> {
    let Some(kind) = names::to_connection_type(kind) else { return missing("connection type") };
    let (stage, program) = (stage.clone(), program.clone());
    listen(world, kind, object, name, move |world, Emission { authenticator, .. }| {
        *stage.asked.borrow_mut() = authenticator.cloned();
        if skip > 0 {
            skip -= 1;
            return;
        }
        match &mut times {
            Some(0) => return,
            Some(times) => *times -= 1,
            None => {}
        }
        program::run(&stage, world, &program, 0);
    })
    .map(drop)
}

/// A connection to a closure, and what a scenario knows it by.
pub(crate) struct ToClosure {
    from: String,
    signal: String,
    to: String,
    slot: String,
    connection: Connection,
}

/// Connects a signal to a slot.
struct ConnectSlot<'w> {
    world: &'w mut World,
    kind: ConnectionType,
    receiver: Dut,
    slot: &'w str,
}

impl Visitor for ConnectSlot<'_> {
    type Output = Option<Connection>;

    fn visit<S: ?Sized + Target, A: Carried>(
        self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> Option<Connection> {
        A::connect(self.world, self.kind, sender, signal, self.receiver, self.slot)
    }
}

/// Connects a signal to a signal.
struct ConnectSignal<'w> {
    world: &'w mut World,
    kind: ConnectionType,
    target: Obj<Probe>,
    target_signal: &'w str,
}

impl Visitor for ConnectSignal<'_> {
    type Output = Option<Connection>;

    fn visit<S: ?Sized + Target, A: Carried>(
        self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> Option<Connection> {
        A::connect_signal(self.world, self.kind, sender, signal, self.target, self.target_signal)
    }
}

/// Makes a connection; returns whether it was made. One whose types do not fit is not: the
/// compiler would refuse it.
pub(crate) fn connect(stage: &Rc<Stage>, world: &mut World, connect: &Connect) -> Outcome {
    let sender = stage.object(world, &connect.from)?;
    let receiver = stage.object(world, &connect.to)?;
    let Some(kind) = names::to_connection_type(connect.kind.as_deref()) else {
        return missing("connection type");
    };
    let name = name_in(&connect.signal);
    let made = match (&connect.slot, &connect.to_signal) {
        (Some(slot), _) if name == "destroyed" => {
            connect_destroyed(world, kind, sender, receiver, slot)
        }
        (Some(slot), _) => signal::visit(sender, name, ConnectSlot { world, kind, receiver, slot })
            .ok_or_else(|| Missing(format!("signal {}.{name}", sender.class_name())))?,
        (None, Some(target_signal)) => {
            let Dut::Probe(target) = receiver else { return missing("a signal of this class") };
            signal::visit(sender, name, ConnectSignal { world, kind, target, target_signal })
                .ok_or_else(|| Missing(format!("signal {}.{name}", sender.class_name())))?
        }
        (None, None) => return missing("a connection to nothing"),
    };
    let Some(connection) = made.filter(Connection::is_connected) else { return Ok(false.into()) };
    if let Some(id) = &connect.id {
        stage.connections.borrow_mut().insert(id.clone(), connection.clone());
    }
    let slot = connect.slot.as_ref().or(connect.to_signal.as_ref()).cloned().unwrap_or_default();
    if connect.slot.is_none() || slot == "deleteLater()" || name == "destroyed" {
        stage.to_closures.borrow_mut().push(ToClosure {
            from: connect.from.clone(),
            signal: name.to_owned(),
            to: connect.to.clone(),
            slot,
            connection,
        });
    }
    Ok(true.into())
}

/// Connects the end of an object to a slot.
fn connect_destroyed(
    world: &mut World,
    kind: ConnectionType,
    sender: Dut,
    receiver: Dut,
    slot: &str,
) -> Option<Connection> {
    let sender = sender.erase();
    if kind == ConnectionType::DIRECT {
        match (receiver, slot) {
            (Dut::Probe(q), "n1()") => return Some(world.connect_destroyed(sender, q, Probe::n1)),
            (Dut::Probe(q), "n2()") => return Some(world.connect_destroyed(sender, q, Probe::n2)),
            (Dut::Probe(q), "n3()") => return Some(world.connect_destroyed(sender, q, Probe::n3)),
            _ => {}
        }
    }
    // The end of an object comes once, so a single shot is like any other.
    let is_queued = kind.contains(ConnectionType::QUEUED);
    let call: fn(&mut World, Dut) = match (receiver, slot) {
        (Dut::Probe(_), "n1()") => |world, q| invoke_probe(world, q, Probe::n1),
        (Dut::Probe(_), "n2()") => |world, q| invoke_probe(world, q, Probe::n2),
        (Dut::Probe(_), "n3()") => |world, q| invoke_probe(world, q, Probe::n3),
        (Dut::Loop(_), "quit()") => |world, _| world.quit(),
        (_, "deleteLater()") => |world, object| {
            world.delete_later(object.erase());
        },
        _ => return None,
    };
    Some(world.connect_destroyed_fn(sender, move |world, _| {
        if is_queued {
            world.post(move |world| call(world, receiver));
        } else {
            call(world, receiver);
        }
    }))
}

fn invoke_probe(world: &mut World, probe: Dut, slot: fn(&mut Probe, &mut Context<Probe>)) {
    if let Dut::Probe(probe) = probe {
        world.with(probe, slot);
    }
}

/// Ends the connections of a signal to a slot, to a receiver, or all.
struct DisconnectFrom<'w> {
    world: &'w mut World,
    receiver: Option<Dut>,
    slot: Option<&'w str>,
}

impl Visitor for DisconnectFrom<'_> {
    type Output = bool;

    fn visit<S: ?Sized + Target, A: Carried>(
        self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> bool {
        match (self.receiver, self.slot) {
            (Some(receiver), Some(slot)) => {
                A::disconnect(self.world, sender, signal, receiver, slot)
            }
            (Some(receiver), None) => {
                self.world.disconnect_signal_from(sender, signal, receiver.erase())
            }
            (None, _) => self.world.disconnect_signal(sender, signal),
        }
    }
}

/// Ends connections; returns whether there were any.
pub(crate) fn disconnect(stage: &Rc<Stage>, world: &mut World, disconnect: &Disconnect) -> Outcome {
    if let Some(id) = &disconnect.id {
        let connections = stage.connections.borrow();
        return Ok(connections.get(id).is_some_and(Connection::disconnect).into());
    }
    let Some(from) = &disconnect.from else { return missing("disconnecting from nothing") };
    let sender = stage.object(world, from)?;
    let receiver = match &disconnect.to {
        Some(to) => Some(stage.object(world, to)?),
        None => None,
    };
    let name = disconnect.signal.as_deref().map(name_in);
    let mut any = match (name, receiver, disconnect.slot.as_deref()) {
        (None, None, _) => world.disconnect_all(sender.erase()),
        (None, Some(receiver), None) => world.disconnect_receiver(sender.erase(), receiver.erase()),
        (None, receiver, slot) => {
            let mut any = false;
            for name in signal::ALL {
                let end = DisconnectFrom { world, receiver, slot };
                any |= signal::visit(sender, name, end).unwrap_or_default();
            }
            any
        }
        (Some(name), receiver, slot) => {
            let end = DisconnectFrom { world, receiver, slot };
            signal::visit(sender, name, end).unwrap_or_default()
        }
    };
    for made in stage.to_closures.borrow().iter() {
        let fits = made.from == *from
            && name.is_none_or(|name| made.signal == name)
            && disconnect.to.as_ref().is_none_or(|to| made.to == *to)
            && disconnect.slot.as_ref().is_none_or(|slot| made.slot == *slot);
        any |= fits && made.connection.disconnect();
    }
    Ok(Answer::from(any))
}
