//! The same programs, run by the runtime.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::{MetaObject, MetaSignal, Trace, VirtualClock, World};

use super::people;
use super::program::{
    Event, FIRST_OBJECTS, FUEL, Kind, MOST_OBJECTS, Op, Outcome, Program, To, Who,
};

/// What the bodies of slots share.
struct Stage {
    program: Program,
    events: RefCell<Vec<Event>>,
    objects: RefCell<Vec<Obj<Actor>>>,
    connections: RefCell<Vec<Connection>>,
    fuel: Cell<u32>,
}

struct Actor {
    stage: Rc<Stage>,
    number: usize,
    first: Signal<u32>,
    second: Signal<u32>,
}

static ACTOR: MetaObject = MetaObject::new("Actor").with_signals(&[
    MetaSignal::new("first", "u32", |actor, see| see(&Actor::cast(actor).first)),
    MetaSignal::new("second", "u32", |actor, see| see(&Actor::cast(actor).second)),
]);

impl QObject for Actor {
    fn static_meta_object() -> &'static MetaObject {
        &ACTOR
    }

    fn meta_object(&self) -> &'static MetaObject {
        &ACTOR
    }

    fn leave_runtime(&mut self) {
        if self.number.is_multiple_of(2) {
            self.second.emit(1000);
        }
    }
}

impl Actor {
    fn new(stage: &Rc<Stage>, number: usize) -> Self {
        Self { stage: stage.clone(), number, first: Signal::new(), second: Signal::new() }
    }

    fn first(&self) -> &Signal<u32> {
        &self.first
    }

    fn second(&self) -> &Signal<u32> {
        &self.second
    }

    fn slot_0(&mut self, cx: &mut Context<'_, Self>, argument: u32) {
        self.slot(0, cx, argument);
    }

    fn slot_1(&mut self, cx: &mut Context<'_, Self>, argument: u32) {
        self.slot(1, cx, argument);
    }

    fn mourn(&mut self, cx: &mut Context<'_, Self>) {
        self.slot(2, cx, 2000);
    }

    fn slot(&mut self, slot: usize, cx: &mut Context<'_, Self>, argument: u32) {
        self.log(Some(slot), cx, argument);
        self.body(cx, self.stage.program.slot_script(self.number, slot));
    }

    fn log(&self, slot: Option<usize>, cx: &Context<'_, Self>, argument: u32) {
        let sender = cx.sender().and_then(|sender| self.stage.number_of(sender));
        self.stage.log(Event::Ran { object: Some(self.number), slot, argument, sender });
    }

    fn body(&mut self, cx: &mut Context<'_, Self>, script: usize) {
        let stage = self.stage.clone();
        stage.body(script, |op| match op {
            Op::Emit { object, signal, argument } | Op::Record { object, signal, argument }
                if stage.resolve(object, Some(self.number)) == cx.this() =>
            {
                signal_of(signal)(self).emit(argument);
            }
            Op::ConnectOwn { signal, receiver, slot, kind } => {
                let receiver = stage.resolve(receiver, Some(self.number));
                let (signal, kind) = (signal_of(signal)(self), kind_of(kind));
                stage.keep(match slot {
                    0 => signal.connect_with(kind, cx, receiver, Self::slot_0),
                    _ => signal.connect_with(kind, cx, receiver, Self::slot_1),
                });
            }
            op => stage.perform(cx, Some(self.number), op),
        });
    }
}

fn signal_of(number: usize) -> fn(&Actor) -> &Signal<u32> {
    if number == 0 { Actor::first } else { Actor::second }
}

fn kind_of(kind: Kind) -> ConnectionType {
    let mut result = ConnectionType::DIRECT;
    for (is, part) in [
        (kind.queued, ConnectionType::QUEUED),
        (kind.unique, ConnectionType::UNIQUE),
        (kind.single_shot, ConnectionType::SINGLE_SHOT),
    ] {
        if is {
            result |= part;
        }
    }
    result
}

impl Stage {
    fn log(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn keep(&self, connection: Connection) {
        self.connections.borrow_mut().push(connection);
    }

    fn number_of(&self, object: Obj<dyn QObject>) -> Option<usize> {
        self.objects.borrow().iter().position(|&known| known == object)
    }

    fn resolve(&self, who: Who, this: Option<usize>) -> Obj<Actor> {
        let objects = self.objects.borrow();
        match who {
            Who::This => objects[this.unwrap_or(0)],
            Who::Number(number) => objects[number % objects.len()],
        }
    }

    fn body(&self, script: usize, mut perform: impl FnMut(Op)) {
        for &op in self.program.script(script) {
            if self.fuel.get() == 0 {
                break;
            }
            self.fuel.set(self.fuel.get() - 1);
            perform(op);
        }
    }

    /// Runs a script without an object of its own.
    fn free_body(self: &Rc<Self>, world: &mut World, script: usize) {
        self.body(script, |op| self.perform(world, None, op));
    }

    fn perform(self: &Rc<Self>, world: &mut World, this: Option<usize>, op: Op) {
        let at = |who| self.resolve(who, this);
        match op {
            Op::Create { parent } => {
                let parent = parent.map(at);
                let number = self.objects.borrow().len();
                if number < MOST_OBJECTS && parent.is_none_or(|parent| world.contains(parent)) {
                    let actor = Actor::new(self, number);
                    let actor = match parent {
                        Some(parent) => world.add_child_of(parent, actor),
                        None => world.add(actor),
                    };
                    self.objects.borrow_mut().push(actor);
                }
            }
            Op::CreateWired { parent } => {
                let parent = at(parent);
                let number = self.objects.borrow().len();
                if number < MOST_OBJECTS && world.contains(parent) {
                    let actor = world.add_child_of_with(parent, |cx| {
                        self.keep(cx.on(parent, Actor::first, Actor::slot_0));
                        let this = cx.this();
                        self.keep(cx.connect(this, Actor::second, parent, Actor::slot_1));
                        Actor::new(self, number)
                    });
                    self.objects.borrow_mut().push(actor);
                }
            }
            Op::Reparent { object, parent } => {
                let (object, parent) = (at(object), parent.map(at));
                let above: Vec<_> =
                    std::iter::successors(parent.map(Obj::erase), |&at| world.parent(at)).collect();
                let there = world.contains(object) && parent.is_none_or(|at| world.contains(at));
                if there && !above.iter().any(|&at| at == object) {
                    world.set_parent(object, parent);
                }
            }
            Op::Connect { sender, signal, to, kind } => {
                let number = |who| self.number_of(at(who).erase());
                let (from, get, kind) = (at(sender), signal_of(signal), kind_of(kind));
                let stage = self.clone();
                self.keep(match to {
                    To::Slot(receiver, 0) => {
                        world.connect_with(kind, from, get, at(receiver), Actor::slot_0)
                    }
                    To::Slot(receiver, _) => {
                        world.connect_with(kind, from, get, at(receiver), Actor::slot_1)
                    }
                    To::Closure { script } => {
                        world.connect_fn_with(kind, from, get, move |world, &argument| {
                            let (object, slot, sender) = (None, None, None);
                            stage.log(Event::Ran { object, slot, argument, sender });
                            stage.free_body(world, script);
                        })
                    }
                    To::ClosureOn(receiver, script) => world.connect_fn_on_with(
                        kind,
                        from,
                        get,
                        at(receiver),
                        move |actor, cx, &argument| {
                            actor.log(None, cx, argument);
                            actor.body(cx, script);
                        },
                    ),
                    To::Signal(target, other)
                        if (number(target), other) <= (number(sender), signal) =>
                    {
                        return;
                    }
                    To::Signal(target, other) => {
                        world.connect_signal_with(kind, from, get, at(target), signal_of(other))
                    }
                });
            }
            Op::ConnectDestroyed { object, receiver } => {
                self.keep(world.connect_destroyed(at(object), at(receiver), Actor::mourn));
            }
            Op::Emit { object, signal, argument } | Op::Record { object, signal, argument } => {
                if let Some(object) = world.get(at(object)) {
                    signal_of(signal)(object).emit(argument);
                }
            }
            Op::Disconnect { connection } => {
                let connections = self.connections.borrow();
                if !connections.is_empty() {
                    let any = connections[connection % connections.len()].disconnect();
                    self.log(Event::Answered(any));
                }
            }
            Op::DisconnectSlot { sender, signal, receiver, slot } => {
                let (sender, signal, receiver) = (at(sender), signal_of(signal), at(receiver));
                self.log(Event::Answered(match slot {
                    0 => world.disconnect(sender, signal, receiver, Actor::slot_0),
                    _ => world.disconnect(sender, signal, receiver, Actor::slot_1),
                }));
            }
            Op::DisconnectSignalFrom { sender, signal, receiver } => {
                let any = world.disconnect_signal_from(at(sender), signal_of(signal), at(receiver));
                self.log(Event::Answered(any));
            }
            Op::DisconnectSignal { sender, signal } => {
                let any = world.disconnect_signal(at(sender), signal_of(signal));
                self.log(Event::Answered(any));
            }
            Op::DisconnectReceiver { sender, receiver } => {
                let any = world.disconnect_receiver(at(sender), at(receiver));
                self.log(Event::Answered(any));
            }
            Op::DisconnectAll { sender } => {
                self.log(Event::Answered(world.disconnect_all(at(sender))));
            }
            Op::Destroy { object } => self.log(Event::Answered(world.destroy(at(object)))),
            Op::DeleteLater { object } => {
                self.log(Event::Answered(world.delete_later(at(object))));
            }
            Op::Block { object, block } => {
                if world.contains(at(object)) {
                    world.block_signals(at(object), block);
                }
            }
            Op::Later { object, script } => {
                world.later(at(object), move |actor, cx| actor.body(cx, script));
            }
            Op::With { object, script } => {
                let free = world.get(at(object)).is_some();
                self.log(Event::Answered(free));
                let ran = world.with(at(object), |actor, cx| actor.body(cx, script));
                assert_eq!(ran.is_some(), free);
            }
            Op::Post { script } => {
                let stage = self.clone();
                world.post(move |world| stage.free_body(world, script));
            }
            Op::Panic => resume_unwind(Box::new("scripted")),
            Op::ConnectOwn { .. } | Op::Deliver | Op::RunPosted => {}
        }
    }

    fn outside(self: &Rc<Self>, rt: &mut Runtime, op: Op) {
        let at = |who| self.resolve(who, None);
        match op {
            Op::Deliver => deliver(rt),
            Op::RunPosted => {
                deliver(rt);
                calmly(rt, people::run_posted);
            }
            Op::Emit { object, signal, argument } => {
                deliver(rt);
                if rt.contains(at(object)) {
                    calmly(rt, |rt| rt.emit(at(object), signal_of(signal), argument));
                }
            }
            Op::With { object, script } => {
                deliver(rt);
                self.log(Event::Answered(rt.contains(at(object))));
                calmly(rt, |rt| rt.with(at(object), |actor, cx| actor.body(cx, script)));
            }
            Op::Destroy { object } => {
                self.log(Event::Answered(rt.contains(at(object))));
                calmly(rt, |rt| rt.destroy(at(object)));
            }
            Op::Panic => {}
            op => self.perform(rt, None, op),
        }
    }
}

/// Does what may panic, and delivers the rest if it does.
fn calmly<O>(rt: &mut Runtime, f: impl FnOnce(&mut Runtime) -> O) {
    if catch_unwind(AssertUnwindSafe(|| f(rt))).is_err() {
        deliver(rt);
    }
}

/// Delivers until nothing is left, however often something panics.
fn deliver(rt: &mut Runtime) {
    while !matches!(catch_unwind(AssertUnwindSafe(|| rt.deliver())), Ok(true)) {}
}

/// Runs the program, and has its emissions recorded if there is a trace.
pub(crate) fn run(program: &Program, trace: Option<&Trace>) -> Outcome {
    // By a clock that stands still, a pass is never cut because the machine is busy.
    let mut rt = Runtime::with_clock(VirtualClock::new()).expect("the system gives a poller");
    if let Some(trace) = trace {
        rt.record_into(trace);
    }
    let stage = Rc::new(Stage {
        program: program.clone(),
        events: RefCell::default(),
        objects: RefCell::default(),
        connections: RefCell::default(),
        fuel: Cell::new(FUEL),
    });
    for number in 0..FIRST_OBJECTS {
        let actor = rt.add(Actor::new(&stage, number));
        stage.objects.borrow_mut().push(actor);
    }
    for &op in &program.outside {
        stage.outside(&mut rt, op);
    }
    deliver(&mut rt);
    let objects = stage.objects.borrow();
    let receivers = |actor: &Actor| [actor.first.receivers(), actor.second.receivers()];
    Outcome {
        events: stage.events.take(),
        objects: objects.iter().map(|&object| rt.get(object).map(receivers)).collect(),
        children: objects
            .iter()
            .map(|&object| rt.children(object).filter_map(|child| stage.number_of(child)).collect())
            .collect(),
    }
}
