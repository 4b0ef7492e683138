//! Operations that need no loop: what a step or a reaction does to the world and to peers.

use std::rc::Rc;

use serde_json::{Value, json};
use slotwire::prelude::*;
use slotwire::{QBuffer, QThread, QTimer};

use crate::answer::{Answer, Outcome, missing};
use crate::args::{Args, to_proxy};
use crate::calls;
use crate::data_stream;
use crate::dut::Dut;
use crate::event_loop::EventLoop;
use crate::interface;
use crate::lookup;
use crate::names;
use crate::peer_operation;
use crate::probe::Probe;
use crate::program::Program;
use crate::scenario::{Comparison, Op};
use crate::signal::name_in;
use crate::stage::Stage;
use crate::text_stream;
use crate::wiring;

/// Carries out an operation. What it brings about is delivered afterwards, by the caller.
pub(crate) fn perform(stage: &Rc<Stage>, world: &mut World, op: &Op) -> Outcome {
    match op {
        Op::New { id, class, parent, watch, child_events } => {
            let created = create(stage, world, id, class, parent.as_deref(), watch.as_deref())?;
            if *child_events { missing("events of children") } else { Ok(created) }
        }
        Op::Delete { obj } => {
            let object = stage.object(world, obj)?;
            world.destroy(object.erase());
            Ok(Answer::Nothing)
        }
        Op::Alive { obj } => {
            let object = stage.find(obj).map(Dut::erase);
            Ok(object.is_some_and(|object| world.contains(object)).into())
        }
        Op::Take { obj, id } => take(stage, world, obj, id),
        Op::Call { obj, method, args, .. } => {
            let object = stage.object(world, obj)?;
            calls::call(stage, world, object, method, &Args::new(stage, args))
        }
        Op::Snap { obj, of } => {
            let object = stage.object(world, obj)?;
            let getters = of.iter().map(|getter| {
                let name = getter.clone();
                let answer = calls::get(stage, world, object, getter);
                (name, answer.unwrap_or_else(|| json!({ "missing": getter }).into()))
            });
            Ok(Answer::Record(getters.collect()))
        }
        Op::Check { get } => Ok(holds(stage, world, get).into()),
        Op::Total { signal } => Ok(stage.log.borrow().total(signal).into()),
        Op::On { obj, signal, program, times, skip, kind } => {
            let object = stage.object(world, obj)?;
            let (kind, when) = (kind.as_deref(), (*skip, *times));
            wiring::react(stage, world, object, signal, kind, program, when)?;
            Ok(Answer::Nothing)
        }
        Op::Connect(connect) => wiring::connect(stage, world, connect),
        Op::Disconnect(disconnect) => wiring::disconnect(stage, world, disconnect),
        Op::Emit { obj, signal, args } => emit(stage, world, obj, signal, args),
        Op::SlotDo { obj, slot, program, times } => {
            if slot == "eventFilter" {
                return missing("event filters");
            }
            let program = Program { ops: program.clone(), times: *times };
            stage.programs.borrow_mut().insert((obj.clone(), slot.clone()), program);
            Ok(Answer::Nothing)
        }
        Op::Invoke { obj, slot, kind } => invoke(stage, world, obj, slot, kind.as_deref()),
        Op::SingleShot { ms, to, slot } => {
            let delay = std::time::Duration::from_millis(*ms);
            match (stage.object(world, to)?, name_in(slot)) {
                (Dut::Probe(probe), "n1") => world.single_shot(delay, probe, Probe::n1),
                (Dut::Probe(probe), "n2") => world.single_shot(delay, probe, Probe::n2),
                (Dut::Probe(probe), "n3") => world.single_shot(delay, probe, Probe::n3),
                (Dut::Loop(object), "quit") => world.single_shot(delay, object, EventLoop::quit),
                (Dut::Timer(timer), "start") => world.single_shot(delay, timer, QTimer::start),
                (Dut::Timer(timer), "stop") => world.single_shot(delay, timer, QTimer::stop),
                (Dut::Thread(thread), "quit") => world.single_shot(delay, thread, QThread::quit),
                (object, "deleteLater") => world.single_shot_fn(delay, move |world| {
                    world.delete_later(object.erase());
                }),
                (_, slot) => return missing(format!("slot {slot}")),
            };
            Ok(Answer::Nothing)
        }
        Op::SetAuth { user, password } => {
            let asked = stage.asked.borrow();
            let Some(authenticator) = &*asked else { return missing("a question for a password") };
            authenticator.set_user(user);
            authenticator.set_password(password);
            Ok(Answer::Nothing)
        }
        Op::AppProxy { proxy } => match to_proxy(&stage.symbols.borrow().resolve(proxy)) {
            Some(proxy) => {
                world.set_application_proxy(proxy);
                Ok(Answer::Nothing)
            }
            None => missing("this proxy"),
        },
        Op::ProxyValue { proxy } => match to_proxy(proxy) {
            Some(proxy) => Ok(Answer::Record(vec![
                ("type".into(), names::proxy_type(proxy.proxy_type()).into()),
                ("host".into(), proxy.host_name().into()),
                ("user".into(), proxy.user().into()),
            ])),
            None => missing("this kind of proxy"),
        },
        Op::Filter { .. } => missing("event filters"),
        Op::Sleep { ms } => {
            stage.peers.borrow_mut().sleep(std::time::Duration::from_millis(*ms));
            Ok(Answer::Nothing)
        }
        Op::DsWrite { items, obj, format } => {
            data_stream::write(stage, world, items, format, obj.as_deref())
        }
        Op::DsRead { types, place, format } => {
            data_stream::read(stage, world, types, format, place)
        }
        Op::Ts(work) => text_stream::perform(stage, world, work),
        Op::HostLookup { id, name, how } => lookup::look_up(stage, world, id, name, how),
        Op::HostAbort { id } => lookup::abort(stage, world, id),
        Op::HostAddr {} => missing("parsing and classifying an address"),
        Op::Iface { name } => Ok(interface::show(name)),
        Op::Run { .. } | Op::Process => missing("a loop inside a slot"),
        _ => peer_operation::perform(stage, op),
    }
}

/// The symbol under which what an operation returns is captured.
pub(crate) fn symbol_of(op: &Op) -> Option<&str> {
    match op {
        Op::Call { symbol, .. } => symbol.as_deref(),
        _ => None,
    }
}

/// Captures what an operation returned.
pub(crate) fn capture(stage: &Stage, symbol: Option<&str>, outcome: &Outcome) {
    if let (Some(symbol), Ok(answer)) = (symbol, outcome)
        && let Some(value) = answer.captured()
    {
        stage.symbols.borrow_mut().capture(symbol, value);
    }
}

/// Says whether a comparison holds. One with an object that is not there does not.
pub(crate) fn holds(stage: &Stage, world: &World, comparison: &Comparison) -> bool {
    let Comparison(object, getter, relation, value) = comparison;
    let Ok(object) = stage.object(world, object) else { return false };
    let Some(actual) = calls::get(stage, world, object, getter).and_then(|a| a.captured()) else {
        return false;
    };
    let value = stage.symbols.borrow().resolve(value);
    match (relation.as_str(), actual.as_i64(), value.as_i64()) {
        ("==", ..) => actual == value,
        ("!=", ..) => actual != value,
        (">=", Some(actual), Some(value)) => actual >= value,
        ("<=", Some(actual), Some(value)) => actual <= value,
        _ => false,
    }
}

fn create(
    stage: &Rc<Stage>,
    world: &mut World,
    id: &str,
    class: &str,
    parent: Option<&str>,
    watch: Option<&[String]>,
) -> Outcome {
    let parent = match parent {
        Some(parent) => Some(stage.object(world, parent)?.erase()),
        None => None,
    };
    let object = match class {
        "QTcpSocket" => Dut::Tcp(add(world, parent, QTcpSocket::new())),
        "QUdpSocket" => Dut::Udp(add(world, parent, QUdpSocket::new())),
        "QTcpServer" => Dut::Server(add(world, parent, QTcpServer::new())),
        "QBuffer" => Dut::Buffer(add(world, parent, QBuffer::new())),
        "QTimer" => Dut::Timer(add(world, parent, QTimer::new())),
        "QThread" => Dut::Thread(add(world, parent, QThread::new(id))),
        "QEventLoop" => Dut::Loop(add(world, parent, EventLoop::default())),
        "Probe" => Dut::Probe(add(world, parent, Probe::new(id, stage))),
        _ => return missing(format!("class {class}")),
    };
    stage.name(id, object);
    match watch {
        Some(signals) => {
            for signal in signals {
                wiring::watch(stage, world, id, object, signal)?;
            }
        }
        None => watch_usual(stage, world, id, object)?,
    }
    Ok(Answer::Nothing)
}

fn watch_usual(
    stage: &Rc<Stage>,
    world: &mut World,
    id: &str,
    object: Dut,
) -> Result<(), crate::answer::Missing> {
    for signal in object.watched_signals() {
        wiring::watch(stage, world, id, object, signal)?;
    }
    Ok(())
}

fn add<T: QObject>(world: &mut World, parent: Option<Obj<dyn QObject>>, object: T) -> Obj<T> {
    match parent {
        Some(parent) => world.add_child_of(parent, object),
        None => world.add(object),
    }
}

fn take(stage: &Rc<Stage>, world: &mut World, server: &str, id: &str) -> Outcome {
    let Dut::Server(server) = stage.object(world, server)? else {
        return missing("a pending connection of this class");
    };
    match world[server].next_pending_connection() {
        Some(socket) => {
            let socket = Dut::Tcp(socket);
            stage.name(id, socket);
            watch_usual(stage, world, id, socket)?;
            Ok(id.into())
        }
        None => Ok(Value::Null.into()),
    }
}

fn emit(stage: &Rc<Stage>, world: &mut World, id: &str, signal: &str, args: &[Value]) -> Outcome {
    let args = Args::new(stage, args);
    let number = || args.number(0).map(|number| number as i32);
    match (stage.object(world, id)?, name_in(signal)) {
        (Dut::Probe(probe), "a") => world.emit(probe, Probe::a, number()?),
        (Dut::Probe(probe), "b") => world.emit(probe, Probe::b, number()?),
        (Dut::Probe(probe), "c") => world.emit(probe, Probe::c, number()?),
        (Dut::Probe(probe), "n") => world.emit(probe, Probe::n, ()),
        (object, signal) => {
            return missing(format!("emitting {}.{signal} from outside", object.class_name()));
        }
    }
    Ok(Answer::Nothing)
}

fn invoke(
    stage: &Rc<Stage>,
    world: &mut World,
    id: &str,
    slot: &str,
    kind: Option<&str>,
) -> Outcome {
    let object = stage.object(world, id)?;
    let is_direct = kind == Some("Direct");
    let call: fn(&mut World, Dut, bool) = match (object, name_in(slot)) {
        (Dut::Probe(_), "n1") => |world, probe, direct| call_probe(world, probe, direct, Probe::n1),
        (Dut::Probe(_), "n2") => |world, probe, direct| call_probe(world, probe, direct, Probe::n2),
        (Dut::Probe(_), "n3") => |world, probe, direct| call_probe(world, probe, direct, Probe::n3),
        (Dut::Timer(_), "start") => |world, object, direct| {
            let Dut::Timer(timer) = object else { return };
            if direct { world[timer].start() } else { world.invoke(timer, QTimer::start, ()) }
        },
        (Dut::Timer(_), "stop") => |world, object, direct| {
            let Dut::Timer(timer) = object else { return };
            if direct { world[timer].stop() } else { world.invoke(timer, QTimer::stop, ()) }
        },
        (Dut::Loop(_), "quit") => |world, object, direct| {
            let Dut::Loop(object) = object else { return };
            if direct { world.quit() } else { world.invoke(object, EventLoop::quit, ()) }
        },
        (_, "deleteLater") => |world, object, direct| {
            if direct {
                world.delete_later(object.erase());
            } else {
                world.post(move |world| {
                    world.delete_later(object.erase());
                });
            }
        },
        (_, slot) => return missing(format!("invoking {slot}")),
    };
    call(world, object, is_direct);
    Ok(Answer::Nothing)
}

fn call_probe<F>(world: &mut World, probe: Dut, direct: bool, slot: F)
where
    F: Fn(&mut Probe, &mut Context<Probe>) + Copy + 'static,
{
    let Dut::Probe(probe) = probe else { return };
    if direct {
        world.with(probe, slot);
    } else {
        world.invoke(probe, slot, ());
    }
}
