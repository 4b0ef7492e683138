//! A node of the arena: one object and what the runtime knows of it.

use std::any::Any;
use std::rc::Rc;

use super::class::QObject;
use super::handle::{Obj, ObjectKey};
use super::link::AnyLink;
use super::shelf::{AnyShelf, Life};
use super::signal::{Emitter, Signal, growth};

/// One object, its place in the tree, and what is connected to it.
///
/// Kept small, since there is one for each object: what few objects need sits in [`Extra`].
pub(super) struct Node {
    pub(super) shelf: Rc<dyn AnyShelf>,
    pub(super) parent: Option<ObjectKey>,
    pub(super) first_child: Option<ObjectKey>,
    /// The sibling before this one; of the first, the last.
    pub(super) previous: Option<ObjectKey>,
    pub(super) next: Option<ObjectKey>,
    links: Option<Box<Links>>,
    pub(super) extra: Option<Box<Extra>>,
}

/// What is connected to an object and from it; many objects have neither.
#[derive(Default)]
struct Links {
    /// The connections to this object's slots.
    incoming: Vec<Rc<dyn AnyLink>>,
    /// What this object's signals share; made when somebody connects to one.
    emitter: Option<Rc<Emitter>>,
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
            links: None,
            extra: None,
        }
    }

    pub(super) fn life(&self) -> Life {
        self.shelf.label().life.get()
    }

    pub(super) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// What the object's signals share, if somebody connected to one.
    pub(super) fn emitter(&self) -> Option<&Rc<Emitter>> {
        self.links.as_ref()?.emitter.as_ref()
    }

    /// What the object's signals share, made by `make` if it is not there.
    pub(super) fn emitter_or(&mut self, make: impl FnOnce() -> Rc<Emitter>) -> &Rc<Emitter> {
        self.links.get_or_insert_default().emitter.get_or_insert_with(make)
    }

    pub(super) fn add_incoming(&mut self, link: Rc<dyn AnyLink>) {
        let incoming = &mut self.links.get_or_insert_default().incoming;
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
        let Some(links) = &mut self.links else { return };
        links.incoming.reverse();
        while let Some(link) = links.incoming.pop() {
            link.kill();
        }
        if let Some(emitter) = &links.emitter {
            emitter.each(&mut |link| link.kill());
        }
    }
}
