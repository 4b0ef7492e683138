//! A node of the arena: one object and what the runtime knows of it.

use std::any::Any;
use std::rc::Rc;

use super::class::QObject;
use super::connection::AnyLink;
use super::handle::{Obj, ObjectKey};
use super::shelf::{AnyShelf, Life};
use super::signal::{Emitter, Signal, growth};

/// One object, its place in the tree, and what is connected to it.
///
/// Kept small, since there is one for each object: what few objects need sits in [`Extra`].
pub(super) struct Node {
    pub(super) shelf: Rc<dyn AnyShelf>,
    pub(super) parent: Option<ObjectKey>,
    pub(super) first_child: Option<ObjectKey>,
    pub(super) last_child: Option<ObjectKey>,
    pub(super) previous: Option<ObjectKey>,
    pub(super) next: Option<ObjectKey>,
    /// The connections to this object's slots.
    pub(super) incoming: Vec<Rc<dyn AnyLink>>,
    /// What this object's signals share; made when somebody connects to one.
    pub(super) emitter: Option<Rc<Emitter>>,
    pub(super) extra: Option<Box<Extra>>,
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
            last_child: None,
            previous: None,
            next: None,
            incoming: Vec::new(),
            emitter: None,
            extra: None,
        }
    }

    pub(super) fn life(&self) -> Life {
        self.shelf.label().life.get()
    }

    pub(super) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    pub(super) fn add_incoming(&mut self, link: Rc<dyn AnyLink>) {
        if self.incoming.len() == self.incoming.capacity() {
            self.incoming.retain(|link| !link.is_dead());
            if self.incoming.len() * 4 >= self.incoming.capacity() * 3 {
                self.incoming.reserve_exact(growth(self.incoming.len()));
            }
        }
        self.incoming.push(link);
    }

    /// Closes every connection to the object and from it.
    pub(super) fn cut(&mut self) {
        // One by one, since captures that panic when they are dropped leave the rest for next time.
        self.incoming.reverse();
        while let Some(link) = self.incoming.pop() {
            link.kill();
        }
        if let Some(emitter) = &self.emitter {
            emitter.each(&mut |link| link.kill());
        }
    }
}
