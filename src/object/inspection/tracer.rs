//! The tracer: writes the emissions of a runtime into a trace.
//!
//! Keeps one promise: it changes nothing. A signal without connections gets a core, so that its
//! emissions are seen, but no connection, so that they still call nothing. The names of the
//! signals, and how to show their arguments, are in a table here, since signals have no room for
//! them.

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

/// Written in place of an unknown name.
const UNKNOWN: &str = "?";

/// The `destroyed` of every object.
static DESTROYED: MetaSignal =
    MetaSignal::new("destroyed", "Obj<dyn QObject>", |_, _| ()).with_debug::<Obj<dyn QObject>>();

/// The `object_name_changed` of every object.
static OBJECT_NAME_CHANGED: MetaSignal =
    MetaSignal::new("object_name_changed", "String", |_, _| ()).with_debug::<String>();

/// Writes the emissions of one runtime into a trace.
struct Tracer {
    writer: Writer,
    stopwatch: Box<dyn Fn() -> Duration>,
    /// The number of turns so far in which something was emitted.
    turn: Cell<u64>,
    subjects: RefCell<SecondaryMap<ObjectKey, Subject>>,
}

/// What the tracer knows of an object.
struct Subject {
    class: &'static MetaObject,
    name: String,
    signals: Signals,
}

/// What the tracer knows of an object's signals.
enum Signals {
    /// The constructor of the object runs. These entries of the trace still lack the name of their
    /// signal.
    Awaited(Vec<(Weak<dyn AnyCore>, usize)>),
    /// The object is constructed. A signal is identified by its core. The weak reference keeps the
    /// address of the core from being used again.
    Known(Vec<KnownSignal>),
}

type KnownSignal = (Weak<dyn AnyCore>, &'static MetaSignal);

/// Traces.
impl World {
    /// Writes every emission from now on into `trace`, and into no other trace. `stopwatch` returns
    /// the time since then.
    ///
    /// No object may be busy: the signals of a busy one would not be traced.
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
        // Nothing is borrowed here: showing an argument calls code of the user.
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
    /// Returns the class of an object, the text for the object, and the description of its signal.
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

    /// Adds the name of the signal to an entry later, if the constructor of the object still runs.
    fn await_name(&self, key: ObjectKey, signal: Weak<dyn AnyCore>, number: usize) {
        if let Some(subject) = self.subjects.borrow_mut().get_mut(key)
            && let Signals::Awaited(nameless) = &mut subject.signals
        {
            nameless.push((signal, number));
        }
    }

    /// Sets the signals of an object: those of its class, which are `known`, and those that every
    /// object has.
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

    /// Adds the names of the signals to the entries that were made while the constructor ran.
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

/// Returns the core of a signal. Makes it if there is none.
fn held(signal: &dyn AnySignal, owner: &SignalOwner) -> Weak<dyn AnyCore> {
    Rc::downgrade(&signal.core_of(owner).0)
}
