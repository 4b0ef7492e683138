//! Slots by their signatures: connecting a typed signal to a method of a class.

use slotwire::object::Target;
use slotwire::prelude::*;
use slotwire::{QThread, QTimer};

use crate::dut::{Dut, for_class};
use crate::event_loop::EventLoop;
use crate::probe::Probe;

/// Connects a signal to a slot that takes no argument.
pub(crate) fn connect_bare<S: ?Sized + Target, A: Clone + 'static>(
    world: &mut World,
    kind: ConnectionType,
    sender: Obj<S>,
    signal: fn(&S) -> &Signal<A>,
    receiver: Dut,
    slot: &str,
) -> Option<Connection> {
    Some(match (receiver, slot) {
        (Dut::Probe(q), "n1()") => world.connect_with(kind, sender, signal, q, Probe::n1),
        (Dut::Probe(q), "n2()") => world.connect_with(kind, sender, signal, q, Probe::n2),
        (Dut::Probe(q), "n3()") => world.connect_with(kind, sender, signal, q, Probe::n3),
        (Dut::Timer(t), "start()") => world.connect_with(kind, sender, signal, t, QTimer::start),
        (Dut::Timer(t), "stop()") => world.connect_with(kind, sender, signal, t, QTimer::stop),
        (Dut::Thread(t), "quit()") => world.connect_with(kind, sender, signal, t, QThread::quit),
        (Dut::Loop(l), "quit()") => world.connect_with(kind, sender, signal, l, EventLoop::quit),
        (_, "deleteLater()") => for_class!(receiver, |object| {
            world.connect_fn_on_with(kind, sender, signal, object, |_, cx, _| {
                let this = cx.this();
                cx.delete_later(this);
            })
        }),
        _ => return None,
    })
}

/// Connects a signal that carries a number to a slot that takes one.
pub(crate) fn connect_number<S: ?Sized + Target>(
    world: &mut World,
    kind: ConnectionType,
    sender: Obj<S>,
    signal: fn(&S) -> &Signal<i32>,
    receiver: Dut,
    slot: &str,
) -> Option<Connection> {
    Some(match (receiver, slot) {
        (Dut::Probe(q), "s1(int)") => world.connect_with(kind, sender, signal, q, Probe::s1),
        (Dut::Probe(q), "s2(int)") => world.connect_with(kind, sender, signal, q, Probe::s2),
        (Dut::Probe(q), "s3(int)") => world.connect_with(kind, sender, signal, q, Probe::s3),
        (Dut::Probe(q), "s4(int)") => world.connect_with(kind, sender, signal, q, Probe::s4),
        (Dut::Loop(l), "exit(int)") => world.connect_with(kind, sender, signal, l, EventLoop::exit),
        _ => return None,
    })
}

/// Ends the connections of a signal to a slot that takes no argument.
pub(crate) fn disconnect_bare<S: ?Sized + Target, A: Clone + 'static>(
    world: &mut World,
    sender: Obj<S>,
    signal: fn(&S) -> &Signal<A>,
    receiver: Dut,
    slot: &str,
) -> bool {
    match (receiver, slot) {
        (Dut::Probe(q), "n1()") => world.disconnect(sender, signal, q, Probe::n1),
        (Dut::Probe(q), "n2()") => world.disconnect(sender, signal, q, Probe::n2),
        (Dut::Probe(q), "n3()") => world.disconnect(sender, signal, q, Probe::n3),
        (Dut::Timer(t), "start()") => world.disconnect(sender, signal, t, QTimer::start),
        (Dut::Timer(t), "stop()") => world.disconnect(sender, signal, t, QTimer::stop),
        (Dut::Thread(t), "quit()") => world.disconnect(sender, signal, t, QThread::quit),
        (Dut::Loop(l), "quit()") => world.disconnect(sender, signal, l, EventLoop::quit),
        _ => false,
    }
}

/// Ends the connections of a signal that carries a number to a slot that takes one.
pub(crate) fn disconnect_number<S: ?Sized + Target>(
    world: &mut World,
    sender: Obj<S>,
    signal: fn(&S) -> &Signal<i32>,
    receiver: Dut,
    slot: &str,
) -> bool {
    match (receiver, slot) {
        (Dut::Probe(q), "s1(int)") => world.disconnect(sender, signal, q, Probe::s1),
        (Dut::Probe(q), "s2(int)") => world.disconnect(sender, signal, q, Probe::s2),
        (Dut::Probe(q), "s3(int)") => world.disconnect(sender, signal, q, Probe::s3),
        (Dut::Probe(q), "s4(int)") => world.disconnect(sender, signal, q, Probe::s4),
        (Dut::Loop(l), "exit(int)") => world.disconnect(sender, signal, l, EventLoop::exit),
        _ => false,
    }
}
