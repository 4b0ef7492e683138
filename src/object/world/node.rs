//! A node of the arena: what the runtime knows of an object in addition to its place.

use std::any::Any;
use std::rc::Rc;

use super::World;
use crate::object::class::{Obj, QObject, Signal};
use crate::object::connections::{Dependent, Emitter, growth};

/// What is connected to an object, and what only few objects have.
///
/// Kept small, since each object has one: [`More`] has what many objects do not need.
#[derive(Default)]
pub(super) struct Node {
    /// What this object's signals share. Made when somebody connects to one of them.
    emitter: Option<Rc<Emitter<World>>>,
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

    /// Returns true if nobody ever connected to the object, and it has nothing of [`More`].
    pub(super) fn is_plain(&self) -> bool {
        self.emitter.is_none() && self.more.is_none()
    }

    /// Returns what the object's signals share, if anybody ever connected to one of them.
    pub(super) fn emitter(&self) -> Option<&Rc<Emitter<World>>> {
        self.emitter.as_ref()
    }

    /// Returns what the object's signals share. Calls `make` if there is nothing yet.
    pub(super) fn emitter_or(
        &mut self,
        make: impl FnOnce() -> Rc<Emitter<World>>,
    ) -> &Rc<Emitter<World>> {
        self.emitter.get_or_insert_with(make)
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

    /// Ends the dependents of the object, and closes every connection from it.
    pub(super) fn cut(&mut self) {
        // One by one: if captured values panic when they are dropped, the rest stays for the next
        // call.
        if let Some(more) = &mut self.more {
            more.dependents.reverse();
            while let Some(dependent) = more.dependents.pop() {
                dependent.end();
            }
        }
        if let Some(emitter) = &self.emitter {
            emitter.cut();
        }
    }
}
