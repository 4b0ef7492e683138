//! A node of the arena: one object and what the runtime knows of it.

use std::any::Any;
use std::rc::Rc;

use super::audience::growth;
use super::class::QObject;
use super::emitter::Emitter;
use super::handle::{Obj, ObjectKey};
use super::link::AnyLink;
use super::shelf::{AnyShelf, Life};
use super::signal::Signal;

/// One object, its place in the tree, and what is connected to it.
///
/// Kept small, since there is one for each object: what many do not need sits in [`More`].
pub(super) struct Node {
    pub(super) shelf: Rc<dyn AnyShelf>,
    pub(super) parent: Option<ObjectKey>,
    pub(super) first_child: Option<ObjectKey>,
    /// The sibling before this one; of the first, the last.
    pub(super) previous: Option<ObjectKey>,
    pub(super) next: Option<ObjectKey>,
    /// What this object's signals share; made when somebody connects to one.
    emitter: Option<Rc<Emitter>>,
    more: Option<Box<More>>,
}

/// What many objects do not need.
#[derive(Default)]
struct More {
    /// The connections to this object's slots.
    incoming: Vec<Rc<dyn AnyLink>>,
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
    pub(super) fn new(shelf: Rc<dyn AnyShelf>) -> Self {
        Self {
            shelf,
            parent: None,
            first_child: None,
            previous: None,
            next: None,
            emitter: None,
            more: None,
        }
    }

    pub(super) fn life(&self) -> Life {
        self.shelf.label().life.get()
    }

    /// What few objects need, if this one did.
    pub(super) fn existing_extra(&self) -> Option<&Extra> {
        self.more.as_ref()?.extra.as_deref()
    }

    /// What few objects need.
    pub(super) fn extra(&mut self) -> &mut Extra {
        self.more.get_or_insert_default().extra.get_or_insert_default()
    }

    /// What the object's signals share, if somebody connected to one.
    pub(super) fn emitter(&self) -> Option<&Rc<Emitter>> {
        self.emitter.as_ref()
    }

    /// What the object's signals share, made by `make` if it is not there.
    pub(super) fn emitter_or(&mut self, make: impl FnOnce() -> Rc<Emitter>) -> &Rc<Emitter> {
        self.emitter.get_or_insert_with(make)
    }

    pub(super) fn add_incoming(&mut self, link: Rc<dyn AnyLink>) {
        let incoming = &mut self.more.get_or_insert_default().incoming;
        if incoming.len() == incoming.capacity() {
            incoming.retain(|link| !link.is_dead());
            if incoming.len() * 4 >= incoming.capacity() * 3 {
                incoming.reserve_exact(growth(incoming.len()));
            }
        }
        incoming.push(link);
    }

    /// Closes every connection to the object and from it.
    pub(super) fn cut(&mut self) {
        // One by one, since captures that panic when they are dropped leave the rest for next time.
        if let Some(more) = &mut self.more {
            more.incoming.reverse();
            while let Some(link) = more.incoming.pop() {
                link.kill();
            }
        }
        if let Some(emitter) = &self.emitter {
            emitter.each(&mut |link| link.kill());
        }
    }
}
