//! The promised rules, written down as plainly as they can be: recursion and lists.

use std::collections::VecDeque;

use super::program::{
    Event, FIRST_OBJECTS, FUEL, Kind, MOST_OBJECTS, Op, Outcome, Program, To, Who,
};

/// The signal that announces the end of an object.
const DESTROYED: usize = 2;

/// A body stopped half-way.
struct Panicked;

type Ran = Result<(), Panicked>;

#[derive(Default)]
struct Object {
    gone: bool,
    dying: bool,
    blocked: bool,
    deletion_posted: bool,
    parent: Option<usize>,
    children: Vec<usize>,
    /// The connections of each signal.
    signals: [Vec<usize>; 3],
}

/// Where a connection leads, with the numbers settled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Slot(usize, usize),
    Closure(usize),
    ClosureOn(usize, usize),
    Signal(usize, usize),
}

impl End {
    fn receiver(self) -> Option<usize> {
        match self {
            Self::Slot(object, _) | Self::ClosureOn(object, _) | Self::Signal(object, _) => {
                Some(object)
            }
            Self::Closure(_) => None,
        }
    }
}

struct Connection {
    sender: usize,
    signal: usize,
    end: End,
    kind: Kind,
    /// Nobody has disconnected it.
    open: bool,
    /// It delivers nothing any more.
    dead: bool,
    /// Its closure panicked, and is no more.
    burnt: bool,
}

enum Effect {
    Emit { sender: usize, list: Vec<usize>, argument: u32 },
    Disconnect(usize),
    Destroy(usize),
    Later(usize, usize),
}

enum Posted {
    Call { connection: usize, argument: u32, sender: Option<usize> },
    Script(usize),
    Delete(usize),
}

pub(crate) struct Model<'p> {
    program: &'p Program,
    events: Vec<Event>,
    objects: Vec<Object>,
    connections: Vec<Connection>,
    /// Connections to be made when their sender comes back from its method.
    deferred: Vec<usize>,
    posted: VecDeque<Posted>,
    /// What the running body did so far, or what was done outside.
    recorded: Vec<Effect>,
    /// The objects whose methods run, innermost last.
    busy: Vec<usize>,
    in_turn: bool,
    panics: u32,
    fuel: u32,
}

pub(crate) fn run(program: &Program) -> Outcome {
    let mut model = Model {
        program,
        events: Vec::new(),
        objects: Vec::new(),
        connections: Vec::new(),
        deferred: Vec::new(),
        posted: VecDeque::new(),
        recorded: Vec::new(),
        busy: Vec::new(),
        in_turn: false,
        panics: 0,
        fuel: FUEL,
    };
    model.objects.resize_with(FIRST_OBJECTS, Object::default);
    for &op in &program.outside {
        model.outside(op);
    }
    model.deliver();
    let receivers = |object: &Object, signal: usize| {
        object.signals[signal].iter().filter(|&&id| model.connections[id].open).count()
    };
    Outcome {
        objects: model
            .objects
            .iter()
            .map(|object| (!object.gone).then(|| [receivers(object, 0), receivers(object, 1)]))
            .collect(),
        children: model.objects.iter().map(|object| object.children.clone()).collect(),
        events: model.events,
    }
}

/// Outside.
impl Model<'_> {
    fn outside(&mut self, op: Op) {
        match op {
            Op::Deliver => self.deliver(),
            Op::RunPosted => {
                self.deliver();
                let panics = self.panics;
                for _ in 0..self.posted.len() {
                    if let Some(posted) = self.posted.pop_front() {
                        self.turn(|model| model.run_posted(posted));
                    }
                    if self.panics > panics {
                        break;
                    }
                }
            }
            Op::Emit { object, signal, argument } => {
                self.deliver();
                let object = self.resolve(object);
                self.turn(|model| model.record_emission(object, signal, argument));
            }
            Op::With { object, script } => {
                self.deliver();
                let object = self.resolve(object);
                self.turn(|model| {
                    let _ = model.with(object, script);
                });
            }
            Op::Destroy { .. } => {
                let _ = self.perform(op);
                self.deliver();
            }
            Op::Panic => {}
            op => {
                let _ = self.perform(op);
            }
        }
    }

    fn deliver(&mut self) {
        self.turn(|_| ());
    }

    /// Does something and then all that follows from it.
    fn turn(&mut self, f: impl FnOnce(&mut Self)) {
        self.in_turn = true;
        f(self);
        self.carry_out_recorded();
        self.in_turn = false;
    }

    fn run_posted(&mut self, posted: Posted) {
        match posted {
            Posted::Call { connection, argument, sender } => {
                self.invoke(connection, argument, sender);
            }
            Posted::Script(script) => {
                let ran = self.body(script);
                self.carry_out_recorded();
                self.panics += u32::from(ran.is_err());
            }
            Posted::Delete(object) => self.recorded.push(Effect::Destroy(object)),
        }
    }
}

/// Delivery.
impl Model<'_> {
    fn carry_out_recorded(&mut self) {
        for effect in std::mem::take(&mut self.recorded) {
            match effect {
                Effect::Emit { sender, list, argument } => self.emit(sender, list, argument),
                Effect::Disconnect(id) => self.connections[id].dead = true,
                Effect::Destroy(object) => self.destroy(object),
                Effect::Later(object, script) => {
                    if !self.objects[object].gone {
                        self.method(object, |model| model.body(script));
                    }
                }
            }
        }
    }

    fn emit(&mut self, sender: usize, list: Vec<usize>, argument: u32) {
        for id in list {
            if self.objects[sender].gone {
                return;
            }
            let connection = &mut self.connections[id];
            if connection.dead {
                continue;
            }
            if connection.kind.single_shot {
                connection.open = false;
                connection.dead = true;
            }
            if connection.kind.queued {
                let posted = Posted::Call { connection: id, argument, sender: Some(sender) };
                self.posted.push_back(posted);
            } else if !self.invoke(id, argument, Some(sender)) {
                return;
            }
        }
    }

    /// Calls what a connection leads to and does what follows; says whether it did not panic.
    fn invoke(&mut self, id: usize, argument: u32, sender: Option<usize>) -> bool {
        let end = self.connections[id].end;
        if end.receiver().is_some_and(|object| self.objects[object].gone) {
            return true;
        }
        let sender = sender.filter(|&sender| !self.objects[sender].gone);
        match end {
            End::Slot(object, slot) => self.method(object, |model| {
                let (object, slot) = (Some(object), Some(slot));
                model.events.push(Event::Ran { object, slot, argument, sender });
                model.body(model.program.slot_script(end.receiver().unwrap(), slot.unwrap()))
            }),
            End::ClosureOn(object, script) => self.method(object, |model| {
                let (object, slot) = (Some(object), None);
                model.events.push(Event::Ran { object, slot, argument, sender });
                model.body(script)
            }),
            End::Closure(_) if self.connections[id].burnt => true,
            End::Closure(script) => {
                self.events.push(Event::Ran { object: None, slot: None, argument, sender: None });
                let ran = self.body(script);
                if ran.is_err() {
                    self.panics += 1;
                    let connection = &mut self.connections[id];
                    (connection.open, connection.dead, connection.burnt) = (false, true, true);
                }
                self.carry_out_recorded();
                ran.is_ok()
            }
            End::Signal(object, signal) => {
                self.record_emission(object, signal, argument);
                self.carry_out_recorded();
                true
            }
        }
    }

    /// Runs a body as an object's method, which costs the object if it panics, and does what
    /// follows; says whether it did not.
    fn method(&mut self, object: usize, body: impl FnOnce(&mut Self) -> Ran) -> bool {
        let ran = self.lend(object, body);
        if ran.is_err() {
            self.panics += 1;
            self.recorded.push(Effect::Destroy(object));
        }
        self.carry_out_recorded();
        ran.is_ok()
    }

    fn lend(&mut self, object: usize, body: impl FnOnce(&mut Self) -> Ran) -> Ran {
        self.busy.push(object);
        let ran = body(self);
        self.busy.pop();
        let (ready, rest) =
            self.deferred.iter().partition(|&&id| self.connections[id].sender == object);
        self.deferred = rest;
        for id in ready {
            self.join(id);
        }
        ran
    }

    fn destroy(&mut self, object: usize) {
        if self.objects[object].gone || self.objects[object].dying {
            return;
        }
        self.objects[object].dying = true;
        if object.is_multiple_of(2) {
            self.record_emission(object, 1, 1000);
            self.carry_out_recorded();
        }
        if self.objects[object].gone {
            return;
        }
        let list = self.audience(object, DESTROYED);
        self.emit(object, list, 2000);
        if self.objects[object].gone {
            return;
        }
        self.cut(object);
        while let Some(&child) = self.objects[object].children.first() {
            if self.objects[child].dying {
                // It is on its way out already and needs no parent for that.
                self.set_parent(child, None);
            } else {
                self.destroy(child);
            }
        }
        self.cut(object);
        self.set_parent(object, None);
        self.objects[object].gone = true;
    }

    fn cut(&mut self, object: usize) {
        for connection in &mut self.connections {
            if connection.sender == object || connection.end.receiver() == Some(object) {
                connection.open = false;
                connection.dead = true;
            }
        }
    }

    fn open(&self, object: usize, signal: usize) -> Vec<usize> {
        let list = self.objects[object].signals[signal].iter();
        list.copied().filter(|&id| self.connections[id].open).collect()
    }

    /// Whom an emission reaches: those disconnected since too, for that is an effect of its own,
    /// which comes when it was written.
    fn audience(&self, object: usize, signal: usize) -> Vec<usize> {
        let list = self.objects[object].signals[signal].iter();
        list.copied().filter(|&id| !self.connections[id].dead).collect()
    }

    fn set_parent(&mut self, object: usize, parent: Option<usize>) {
        if self.objects[object].parent == parent {
            return;
        }
        if let Some(old) = self.objects[object].parent {
            self.objects[old].children.retain(|&child| child != object);
        }
        self.objects[object].parent = parent;
        if let Some(parent) = parent {
            self.objects[parent].children.push(object);
        }
    }
}

/// What bodies do.
impl Model<'_> {
    fn body(&mut self, script: usize) -> Ran {
        for &op in self.program.script(script) {
            if self.fuel == 0 {
                break;
            }
            self.fuel -= 1;
            self.perform(op)?;
        }
        Ok(())
    }

    fn perform(&mut self, op: Op) -> Ran {
        match op {
            Op::Create { parent } => {
                let parent = parent.map(|parent| self.resolve(parent));
                if self.objects.len() < MOST_OBJECTS
                    && parent.is_none_or(|at| !self.objects[at].gone)
                {
                    self.objects.push(Object::default());
                    self.set_parent(self.objects.len() - 1, parent);
                }
            }
            Op::CreateWired { parent } => {
                let parent = self.resolve(parent);
                if self.objects.len() < MOST_OBJECTS && !self.objects[parent].gone {
                    let child = self.objects.len();
                    self.objects.push(Object::default());
                    self.set_parent(child, Some(parent));
                    let _ = self.lend(child, |model| {
                        model.connect(parent, 0, End::Slot(child, 0), Kind::default());
                        model.connect(child, 1, End::Slot(parent, 1), Kind::default());
                        Ok(())
                    });
                }
            }
            Op::Reparent { object, parent } => {
                let object = self.resolve(object);
                let parent = parent.map(|parent| self.resolve(parent));
                let above: Vec<_> =
                    std::iter::successors(parent, |&at| self.objects[at].parent).collect();
                let gone =
                    self.objects[object].gone || above.iter().any(|&at| self.objects[at].gone);
                if !gone && !above.contains(&object) {
                    self.set_parent(object, parent);
                }
            }
            Op::Connect { sender, signal, to, kind } => {
                let sender = self.resolve(sender);
                let end = match to {
                    To::Slot(receiver, slot) => End::Slot(self.resolve(receiver), slot),
                    To::Closure { script } => End::Closure(script),
                    To::ClosureOn(receiver, script) => {
                        End::ClosureOn(self.resolve(receiver), script)
                    }
                    To::Signal(target, other) => {
                        let target = self.resolve(target);
                        if (target, other) <= (sender, signal) {
                            return Ok(());
                        }
                        End::Signal(target, other)
                    }
                };
                self.connect(sender, signal, end, kind);
            }
            Op::ConnectOwn { signal, receiver, slot, kind } => {
                let end = End::Slot(self.resolve(receiver), slot);
                if let Some(&this) = self.busy.last() {
                    let id = self.new_connection(this, signal, end, kind);
                    self.join(id);
                }
            }
            Op::ConnectDestroyed { object, receiver } => {
                let (object, receiver) = (self.resolve(object), self.resolve(receiver));
                let end = End::Slot(receiver, DESTROYED);
                let id = self.new_connection(object, DESTROYED, end, Kind::default());
                self.join(id);
            }
            Op::Emit { object, signal, argument } | Op::Record { object, signal, argument } => {
                let object = self.resolve(object);
                if self.busy.last() == Some(&object) || !self.busy.contains(&object) {
                    self.record_emission(object, signal, argument);
                }
            }
            Op::Disconnect { connection } => {
                if !self.connections.is_empty() {
                    let id = connection % self.connections.len();
                    let any = self.connections[id].open;
                    self.disconnect(vec![id]);
                    self.events.push(Event::Answered(any));
                }
            }
            Op::DisconnectSlot { sender, signal, receiver, slot } => {
                let end = End::Slot(self.resolve(receiver), slot);
                self.disconnect_signal(sender, signal, |connection| connection.end == end);
            }
            Op::DisconnectSignalFrom { sender, signal, receiver } => {
                let receiver = Some(self.resolve(receiver));
                self.disconnect_signal(sender, signal, |c| c.end.receiver() == receiver);
            }
            Op::DisconnectSignal { sender, signal } => {
                self.disconnect_signal(sender, signal, |_| true);
            }
            Op::DisconnectReceiver { sender, receiver } => {
                let (sender, receiver) = (self.resolve(sender), Some(self.resolve(receiver)));
                self.disconnect_object(sender, |c| c.end.receiver() == receiver);
            }
            Op::DisconnectAll { sender } => {
                self.disconnect_object(self.resolve(sender), |_| true);
            }
            Op::Destroy { object } => {
                let object = self.resolve(object);
                let there = !self.objects[object].gone && !self.objects[object].dying;
                if there {
                    self.recorded.push(Effect::Destroy(object));
                }
                self.events.push(Event::Answered(there));
            }
            Op::DeleteLater { object } => {
                let number = self.resolve(object);
                let object = &mut self.objects[number];
                let there = !object.gone;
                if there && !std::mem::replace(&mut object.deletion_posted, true) {
                    self.posted.push_back(Posted::Delete(number));
                }
                self.events.push(Event::Answered(there));
            }
            Op::Block { object, block } => {
                let object = self.resolve(object);
                self.objects[object].blocked = block;
            }
            Op::Later { object, script } => {
                self.recorded.push(Effect::Later(self.resolve(object), script));
            }
            Op::With { object, script } => return self.with(self.resolve(object), script),
            Op::Post { script } => self.posted.push_back(Posted::Script(script)),
            Op::Panic => return Err(Panicked),
            Op::Deliver | Op::RunPosted => {}
        }
        Ok(())
    }

    fn resolve(&self, who: Who) -> usize {
        match who {
            Who::This => self.busy.last().copied().unwrap_or(0),
            Who::Number(number) => number % self.objects.len(),
        }
    }

    fn with(&mut self, object: usize, script: usize) -> Ran {
        let free = !self.objects[object].gone && !self.busy.contains(&object);
        self.events.push(Event::Answered(free));
        if free { self.lend(object, |model| model.body(script)) } else { Ok(()) }
    }

    fn record_emission(&mut self, sender: usize, signal: usize, argument: u32) {
        if !self.objects[sender].gone && !self.objects[sender].blocked {
            let list = self.audience(sender, signal);
            self.recorded.push(Effect::Emit { sender, list, argument });
        }
    }

    fn connect(&mut self, sender: usize, signal: usize, end: End, kind: Kind) {
        let id = self.new_connection(sender, signal, end, kind);
        if self.busy.contains(&sender) {
            self.deferred.push(id);
        } else {
            self.join(id);
        }
    }

    fn new_connection(&mut self, sender: usize, signal: usize, end: End, kind: Kind) -> usize {
        let gone = |object: usize| self.objects[object].gone;
        let open = !gone(sender) && !end.receiver().is_some_and(gone);
        let dead = !open;
        self.connections.push(Connection { sender, signal, end, kind, open, dead, burnt: false });
        self.connections.len() - 1
    }

    /// Puts a connection in its signal's list, unless it is a double where none may be.
    fn join(&mut self, id: usize) {
        let Connection { sender, signal, end, kind, .. } = self.connections[id];
        let double = kind.unique
            && matches!(end, End::Slot(..))
            && self.open(sender, signal).iter().any(|&other| self.connections[other].end == end);
        let connection = &mut self.connections[id];
        if connection.open && !double {
            self.objects[sender].signals[signal].push(id);
        } else {
            connection.open = false;
            connection.dead = true;
        }
    }

    fn disconnect_signal(
        &mut self,
        sender: Who,
        signal: usize,
        matches: impl Fn(&Connection) -> bool,
    ) {
        let sender = self.resolve(sender);
        // What a busy object has cannot be seen.
        let found =
            if self.busy.contains(&sender) { Vec::new() } else { self.open(sender, signal) };
        self.disconnect_matching(found, matches);
    }

    fn disconnect_object(&mut self, sender: usize, matches: impl Fn(&Connection) -> bool) {
        let mut found: Vec<_> = (0..3).flat_map(|signal| self.open(sender, signal)).collect();
        let waits = |&id: &usize| {
            let Connection { sender: of, open, .. } = self.connections[id];
            of == sender && open
        };
        found.extend(self.deferred.iter().copied().filter(waits));
        self.disconnect_matching(found, matches);
    }

    fn disconnect_matching(
        &mut self,
        mut found: Vec<usize>,
        matches: impl Fn(&Connection) -> bool,
    ) {
        found.retain(|&id| matches(&self.connections[id]));
        self.events.push(Event::Answered(!found.is_empty()));
        self.disconnect(found);
    }

    fn disconnect(&mut self, ids: Vec<usize>) {
        for id in ids {
            if std::mem::replace(&mut self.connections[id].open, false) {
                if self.in_turn || !self.recorded.is_empty() {
                    self.recorded.push(Effect::Disconnect(id));
                } else {
                    self.connections[id].dead = true;
                }
            }
        }
    }
}
