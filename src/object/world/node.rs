//! A node of the arena: what the runtime knows of an object beside its place.

use std::any::Any;
use std::rc::Rc;

use super::World;
use crate::object::class::{Obj, QObject, Signal};
use crate::object::connections::{Dependent, Emitter, growth};

/// What is connected to an object, and what few objects have.
///
/// Kept small, since there is one for each object: what many do not need is in [`More`].
#[derive(Default)]
pub(super) struct Node {
    /// What this object's signals share; made when somebody connects to one.
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

/// What few objects need.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) name: String,
    pub(super) name_changed: Signal<String>,
    pub(super) destroyed: Signal<Obj<dyn QObject>>,
    pub(super) deletion_posted: bool,
    pub(super) properties: Vec<(String, Box<dyn Any>)>,
}

impl Node {
    /// Returns what few objects need, if this one did.
    pub(super) fn existing_extra(&self) -> Option<&Extra> {
        self.more.as_ref()?.extra.as_deref()
    }

    /// Returns what few objects need, made if it is not there.
    pub(super) fn extra(&mut self) -> &mut Extra {
        self.more.get_or_insert_default().extra.get_or_insert_default()
    }

    /// Returns true if nothing is known of the object that few objects have, so that nothing ends
    /// with it and nobody is told of its end.
    pub(super) fn is_plain(&self) -> bool {
        self.more.is_none()
    }

    /// Returns what the object's signals share, if somebody connected to one.
    pub(super) fn emitter(&self) -> Option<&Rc<Emitter<World>>> {
        self.emitter.as_ref()
    }

    /// Returns what the object's signals share, made by `make` if it is not there.
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

    /// Ends what ends with the object, and closes every connection from it.
    pub(super) fn cut(&mut self) {
        // One by one, since captures that panic when they are dropped leave the rest for next time.
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
