//! A node of the arena: what the runtime knows of an object in addition to its place.

use std::any::Any;
use std::rc::Rc;

use super::World;
use crate::object::class::{Obj, QObject, Signal};
use crate::object::connections::{AnyCore, Core, Dependent, Emitter, Siblings, growth};
use crate::object::effects::Queue;
use crate::object::store::ObjectKey;

/// What is connected to an object, and what only few objects have.
///
/// Kept small, since each object has one: [`More`] has what many objects do not need.
#[derive(Default)]
pub(super) struct Node {
    /// This object's signals that somebody has connected to.
    signals: Siblings,
    more: Option<Box<More>>,
}

/// What many objects do not need.
#[derive(Default)]
struct More {
    /// What ends with the object: connections to closures and signals, and timers.
    dependents: Vec<Box<dyn Dependent>>,
    extra: Option<Box<Extra>>,
}

/// What only few objects need.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) name: String,
    pub(super) name_changed: Signal<String>,
    pub(super) destroyed: Signal<Obj<dyn QObject>>,
    pub(super) deletion_posted: bool,
    /// The object's signals are blocked.
    is_blocked: bool,
    pub(super) properties: Vec<(String, Box<dyn Any>)>,
}

impl Node {
    /// Returns the extra part of the node, if the object has one.
    pub(super) fn existing_extra(&self) -> Option<&Extra> {
        self.more.as_ref()?.extra.as_deref()
    }

    /// Returns the extra part of the node. Makes it if there is none.
    pub(super) fn extra(&mut self) -> &mut Extra {
        self.more.get_or_insert_default().extra.get_or_insert_default()
    }

    /// Returns true if the node has none of the rare parts: nothing ends with the object, and no
    /// slot is connected to its end.
    pub(super) fn is_plain(&self) -> bool {
        self.more.is_none()
    }

    /// Returns this object's signals that somebody has connected to.
    pub(super) fn signals(&self) -> &Siblings {
        &self.signals
    }

    /// Adds a signal of this object that somebody connects to.
    pub(super) fn add_signal(&mut self, signal: Rc<dyn AnyCore>) {
        self.signals.add(signal);
    }

    /// Returns the core of a signal of this object, which has the given key. Made now if nobody has
    /// connected to the signal yet.
    #[inline]
    pub(super) fn core_of<'a, A: 'static>(
        &mut self,
        signal: &'a Signal<A>,
        key: ObjectKey,
        queue: &Rc<Queue<World>>,
    ) -> &'a Rc<Core<A, World>> {
        match signal.existing_core() {
            Some(core) if !core.emitter().tally.is_unheard() => core,
            Some(core) => self.begin_to_hear(core),
            None => self.new_core_of(signal, key, queue),
        }
    }

    /// Puts a signal that was only observed where it would be if it had got its core now.
    #[cold]
    fn begin_to_hear<'a, A: 'static>(
        &mut self,
        core: &'a Rc<Core<A, World>>,
    ) -> &'a Rc<Core<A, World>> {
        core.emitter().tally.set_unheard(false);
        self.signals.move_behind(core.clone());
        core
    }

    /// Returns the core of the signal for the object's end.
    pub(super) fn destroyed_core(
        &mut self,
        key: ObjectKey,
        queue: &Rc<Queue<World>>,
    ) -> Rc<Core<Obj<dyn QObject>, World>> {
        let signal = std::mem::take(&mut self.extra().destroyed);
        let core = self.core_of(&signal, key, queue).clone();
        self.extra().destroyed = signal;
        core
    }

    /// Returns the core of the signal for the object's name.
    pub(super) fn name_changed_core(
        &mut self,
        key: ObjectKey,
        queue: &Rc<Queue<World>>,
    ) -> Rc<Core<String, World>> {
        let signal = std::mem::take(&mut self.extra().name_changed);
        let core = self.core_of(&signal, key, queue).clone();
        self.extra().name_changed = signal;
        core
    }

    #[inline(never)]
    fn new_core_of<'a, A: 'static>(
        &mut self,
        signal: &'a Signal<A>,
        key: ObjectKey,
        queue: &Rc<Queue<World>>,
    ) -> &'a Rc<Core<A, World>> {
        let core = signal.core(|| Emitter::new(key, queue, self.is_blocked()));
        self.signals.add(core.clone());
        core
    }

    /// Returns true if the object's signals are blocked.
    pub(super) fn is_blocked(&self) -> bool {
        self.existing_extra().is_some_and(|extra| extra.is_blocked)
    }

    /// Blocks or unblocks the object's signals. Returns true if they were blocked before.
    pub(super) fn block(&mut self, block: bool) -> bool {
        let before = self.is_blocked();
        if before != block {
            self.extra().is_blocked = block;
            self.signals.iter().for_each(|signal| signal.tally().block(block));
        }
        before
    }

    /// Adds something that ends with the object.
    pub(super) fn add_dependent(&mut self, dependent: Box<dyn Dependent>) {
        let dependents = &mut self.more.get_or_insert_default().dependents;
        if dependents.len() == dependents.capacity() {
            dependents.retain(|dependent| !dependent.is_over());
            if dependents.len() * 4 >= dependents.capacity() * 3 {
                dependents.reserve_exact(growth(dependents.len()));
            }
        }
        dependents.push(dependent);
    }

    /// Drops the node, whose object is gone.
    #[inline]
    pub(super) fn end(self) {
        if self.is_plain() && self.signals.is_empty() {
            // There is nothing to drop, which the compiler does not see.
            std::mem::forget(self);
        }
    }

    /// Ends what ends with the object, and closes every connection from it.
    pub(super) fn cut(&mut self) {
        // One by one: if captured values panic when they are dropped, the rest stays for the next
        // call.
        if let Some(more) = &mut self.more {
            more.dependents.reverse();
            while let Some(dependent) = more.dependents.pop() {
                dependent.end();
            }
        }
        self.signals.cut();
    }
}
