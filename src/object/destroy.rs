//! The end of objects.
//!
//! Destroying is an effect like any other, so it happens where it was written and never under a
//! running method. It goes in phases, because others get to act in between: the object's last
//! steps, then `destroyed`, then the children, then the object itself.

use super::class::QObject;
use super::context::Context;
use super::handle::{Obj, ObjectKey, Target};
use super::node::Life;
use super::recorder::Effect;
use super::world::World;

/// How far destroying an object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The object does its last steps.
    Begin,
    /// `destroyed` is emitted.
    Announce,
    /// Nobody is connected any more; the children go.
    Children,
}

impl World {
    /// Destroys the object and its children, after what was recorded before; says whether it was
    /// still there.
    ///
    /// In a slot this takes effect when the slot has returned, so an object may destroy itself.
    /// Outside, [`Runtime::destroy`](crate::Runtime::destroy) does it at once.
    ///
    /// In this order: the object's last steps and their signals; `destroyed`; its children, first
    /// added first; the object. Slots of other objects that this object's emissions have not
    /// reached yet are not called any more.
    pub fn destroy<T: ?Sized + Target>(&mut self, object: Obj<T>) -> bool {
        let key = self
            .own(object)
            .filter(|&key| self.nodes.get(key).is_some_and(|node| node.life != Life::Dying));
        if let Some(key) = key {
            self.recorder.record(Effect::Destroy(key, Phase::Begin));
        }
        key.is_some()
    }

    /// Destroys the object in the next turn of the event loop; says whether it is still there.
    /// Asking twice is the same as asking once.
    #[doc(alias = "deleteLater")]
    pub fn delete_later<T: ?Sized + Target>(&mut self, object: Obj<T>) -> bool {
        let Some(key) = self.own(object) else { return false };
        let Some(node) = self.nodes.get_mut(key) else { return false };
        if !std::mem::replace(&mut node.extra().deletion_posted, true) {
            self.post(move |world| world.recorder.record(Effect::Destroy(key, Phase::Begin)));
        }
        true
    }

    /// Says whether the object is being destroyed: slots that hear its last signals still find it.
    pub fn is_dying<T: ?Sized + Target>(&self, object: Obj<T>) -> bool {
        let node = self.own(object).and_then(|key| self.nodes.get(key));
        node.is_some_and(|node| node.life == Life::Dying)
    }

    /// Goes on destroying, phase by phase, until a phase has something to be carried out first.
    pub(super) fn go_on_destroying(&mut self, key: ObjectKey, mut phase: Phase) {
        loop {
            let Some(node) = self.nodes.get_mut(key) else { return };
            phase = match phase {
                Phase::Begin if node.life == Life::Dying => return,
                Phase::Begin => {
                    let lived = std::mem::replace(&mut node.life, Life::Dying) == Life::Alive;
                    if let (true, Some(object)) = (lived, &mut node.object) {
                        object.about_to_be_destroyed();
                    }
                    if lived { Phase::Announce } else { Phase::Children }
                }
                Phase::Announce => {
                    if node.extra.as_ref().is_some_and(|extra| extra.destroyed.is_connected()) {
                        self.stack.push(Effect::Destroy(key, Phase::Children));
                        self.announce_destroyed(key);
                        return;
                    }
                    Phase::Children
                }
                Phase::Children => {
                    node.cut();
                    if node.first_child.is_none() {
                        return self.remove(key);
                    }
                    self.stack.push(Effect::Destroy(key, Phase::Children));
                    return self.destroy_children(key);
                }
            };
            if self.has_recorded() {
                self.stack.push(Effect::Destroy(key, phase));
                return;
            }
        }
    }

    /// Puts the destruction of all children on the stack, first child uppermost.
    fn destroy_children(&mut self, key: ObjectKey) {
        let mut child = self.nodes[key].last_child;
        while let Some(at) = child {
            self.stack.push(Effect::Destroy(at, Phase::Begin));
            child = self.nodes[at].previous;
        }
    }

    fn announce_destroyed(&mut self, key: ObjectKey) {
        let emitter = self.emitter(key);
        let this = self.handle::<dyn QObject>(key);
        // The one signal that blocking does not stop.
        let blocked = emitter.blocked.replace(false);
        if let Some(extra) = &self.nodes[key].extra {
            extra.destroyed.emit(this);
        }
        emitter.blocked.set(blocked);
    }

    fn remove(&mut self, key: ObjectKey) {
        self.detach(key);
        let node = self.nodes.remove(key);
        if self.sender == Some(key) {
            self.sender = None;
        }
        drop(node);
    }
}

impl<T: QObject> Context<'_, T> {
    /// Destroys the running object once its method has returned.
    pub fn destroy_this(&mut self) {
        let this = self.this();
        self.destroy(this);
    }
}
