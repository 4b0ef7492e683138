//! The tracer: what a runtime tells a trace.
//!
//! Keeps one promise: it only looks on. A signal to which nobody is connected gets a core, so that
//! its emissions are seen, and no connection, so that they still go to nobody. What a signal is
//! called and how its argument is shown sits in a table here, since signals have no room for it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use slotmap::SecondaryMap;

use super::trace::{Trace, TraceEntry, Writer};
use crate::object::class::{
    AnySignal, MetaObject, MetaSignal, Obj, QObject, SignalOwner, each_signal, nothing_as_text,
};
use crate::object::connections::AnyCore;
use crate::object::effects::Observer;
use crate::object::store::{Number, ObjectKey};
use crate::object::world::World;

/// Stands for a name that nobody knows.
const UNKNOWN: &str = "?";

/// The signal that every object has for its end.
static DESTROYED: MetaSignal =
    MetaSignal::new("destroyed", "Obj<dyn QObject>", |_, _| ()).with_debug::<Obj<dyn QObject>>();

/// The signal that every object has for its name.
static OBJECT_NAME_CHANGED: MetaSignal =
    MetaSignal::new("object_name_changed", "String", |_, _| ()).with_debug::<String>();

/// Writes the emissions of one runtime into a trace.
struct Tracer {
    writer: Writer,
    stopwatch: Box<dyn Fn() -> Duration>,
    /// The number of turns that something was emitted in.
    turn: Cell<u64>,
    subjects: RefCell<SecondaryMap<ObjectKey, Subject>>,
}

/// What is known of an object.
struct Subject {
    class: &'static MetaObject,
    name: String,
    signals: Signals,
}

/// What is known of an object's signals.
enum Signals {
    /// Its constructor runs. These entries of the trace still lack the name of their signal.
    Awaited(Vec<(Weak<dyn AnyCore>, usize)>),
    /// It has its place. A signal is known by its core, which is held so that no other comes to lie
    /// where it was.
    Known(Vec<KnownSignal>),
}

type KnownSignal = (Weak<dyn AnyCore>, &'static MetaSignal);

/// Being traced.
impl World {
    /// Writes every emission from now on into `trace`, and into no other any more. `stopwatch`
    /// tells how long that has been.
    ///
    /// For a moment when no object is busy: one that is would go untraced.
    pub(crate) fn begin_trace(&mut self, trace: &Trace, stopwatch: Box<dyn Fn() -> Duration>) {
        let tracer = Rc::new(Tracer {
            writer: trace.writer(),
            stopwatch,
            turn: Cell::new(0),
            subjects: RefCell::default(),
        });
        for key in self.observe(tracer.clone()) {
            let owner = self.observe_object(key);
            tracer.object_added(self, key);
            let object = self.get(self.handle::<dyn QObject>(key));
            let known = object.map(|object| signals_of(object, &owner));
            tracer.know_signals(self, &owner, known.unwrap_or_default());
        }
    }
}

impl Observer<World> for Tracer {
    fn object_added(&self, world: &World, key: ObjectKey) {
        let Some(class) = world.class(key) else { return };
        let name = world.object_name(world.handle::<dyn QObject>(key)).to_owned();
        let signals = Signals::Awaited(Vec::new());
        self.subjects.borrow_mut().insert(key, Subject { class, name, signals });
    }

    fn object_constructed(&self, world: &mut World, key: ObjectKey, object: &dyn QObject) {
        let owner = world.observe_object(key);
        self.know_signals(world, &owner, signals_of(object, &owner));
    }

    fn object_renamed(&self, key: ObjectKey, name: &str) {
        if let Some(subject) = self.subjects.borrow_mut().get_mut(key) {
            name.clone_into(&mut subject.name);
        }
    }

    fn object_removed(&self, key: ObjectKey) {
        self.subjects.borrow_mut().remove(key);
    }

    fn turn_begun(&self) {
        self.turn.set(self.turn.get() + 1);
    }

    /// Writes the emission down.
    fn signal_emitted(
        &self,
        sender: ObjectKey,
        signal: Weak<dyn AnyCore>,
        argument: &dyn Any,
    ) -> bool {
        let Some(book) = self.writer.open_book() else { return false };
        let (class, object, known) = self.look_up(sender, &signal);
        // Nothing is borrowed here: how an argument shows itself is not our code.
        let text = match (known, class) {
            (Some(signal), _) => signal.argument_text(argument),
            (None, Some(class)) => class.argument_text(argument),
            (None, None) => None,
        };
        let text = text.or_else(|| nothing_as_text(argument));
        let number = book.write(TraceEntry {
            label: self.writer.label().cloned(),
            turn: self.turn.get(),
            time: book.is_timed().then(|| (self.stopwatch)()),
            class: class.map_or(UNKNOWN, MetaObject::class_name),
            object,
            signal: known.map_or(UNKNOWN, MetaSignal::name),
            argument: text.unwrap_or_else(|| "..".to_owned()),
        });
        if known.is_none() {
            self.await_name(sender, signal, number);
        }
        true
    }
}

impl Tracer {
    /// The class of an object, what it is called, and what is known of its signal.
    fn look_up(
        &self,
        key: ObjectKey,
        signal: &Weak<dyn AnyCore>,
    ) -> (Option<&'static MetaObject>, String, Option<&'static MetaSignal>) {
        let subjects = self.subjects.borrow();
        let subject = subjects.get(key);
        let named = subject.filter(|subject| !subject.name.is_empty());
        let object =
            named.map_or_else(|| Number(key).to_string(), |subject| format!("{:?}", subject.name));
        let known = match subject.map(|subject| &subject.signals) {
            Some(Signals::Known(known)) => meta_of(known, signal),
            _ => None,
        };
        (subject.map(|subject| subject.class), object, known)
    }

    /// Has an entry named when its signal is known, if that is to be.
    fn await_name(&self, key: ObjectKey, signal: Weak<dyn AnyCore>, number: usize) {
        if let Some(subject) = self.subjects.borrow_mut().get_mut(key)
            && let Signals::Awaited(nameless) = &mut subject.signals
        {
            nameless.push((signal, number));
        }
    }

    /// Takes note of the signals of an object that was added before: those of its class, which are
    /// `known`, and those that every object has.
    fn know_signals(&self, world: &mut World, owner: &SignalOwner, mut known: Vec<KnownSignal>) {
        let key = owner.key();
        let (destroyed, name_changed) = world.signals_of_all(key);
        known.push((held(destroyed, owner), &DESTROYED));
        known.push((held(name_changed, owner), &OBJECT_NAME_CHANGED));
        world.add_signals(owner);
        if let Some(subject) = self.subjects.borrow_mut().get_mut(key) {
            self.name_entries(&subject.signals, &known);
            subject.signals = Signals::Known(known);
        }
    }

    /// Names the signals of the entries that a constructor made, now that they are known.
    fn name_entries(&self, signals: &Signals, known: &[KnownSignal]) {
        if let (Signals::Awaited(nameless), Some(book)) = (signals, self.writer.open_book()) {
            for (signal, number) in nameless {
                if let Some(meta) = meta_of(known, signal) {
                    book.name(*number, meta.name());
                }
            }
        }
    }
}

fn meta_of(known: &[KnownSignal], signal: &Weak<dyn AnyCore>) -> Option<&'static MetaSignal> {
    known.iter().find(|(core, _)| core.ptr_eq(signal)).map(|(_, meta)| *meta)
}

/// Returns the signals of an object's class and of those that it extends.
fn signals_of(object: &dyn QObject, owner: &SignalOwner) -> Vec<KnownSignal> {
    let mut known = Vec::new();
    each_signal(object, &mut |meta, signal| known.push((held(signal, owner), meta)));
    known
}

/// The core of a signal, made if it is not there.
fn held(signal: &dyn AnySignal, owner: &SignalOwner) -> Weak<dyn AnyCore> {
    Rc::downgrade(&signal.core_of(owner).0)
}
