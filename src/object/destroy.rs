//! The end of objects.
//!
//! Destroying is an effect like any other, so it happens where it was written and never under a
//! running method. It goes in phases, because others get to act in between: the object's last
//! steps, then `destroyed`, then the children, then the object itself.

use super::class::QObject;
use super::handle::{Obj, ObjectKey, Target};
use super::recorder::Effect;
use super::shelf::Life;
use super::world::World;

/// How far destroying an object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The object does its last steps.
    Begin,
    /// `destroyed` is emitted.
    Announce,
    /// The connections are cut.
    Cut,
    /// The children go, then the object.
    Children,
}

impl World {
    /// Destroys the object and its children, after what was recorded before; says whether it was
    /// still there.
    ///
    /// In a slot this takes effect when the slot has returned, so an object may destroy itself.
    /// Outside, [`Runtime::destroy`](crate::Runtime::destroy) does it at once.
    ///
    /// In this order: the object's last steps and their signals; `destroyed`; its connections are
    /// cut; its children go, first added first; the object goes. Slots of other objects that this object's emissions have not
    /// reached yet are not called any more.
    pub fn destroy<T: ?Sized + Target>(&mut self, object: Obj<T>) -> bool {
        let key = self
            .own(object)
            .filter(|&key| self.nodes.get(key).is_some_and(|node| node.life() != Life::Dying));
        if let Some(key) = key {
            self.recorder.record(Effect::Destroy(key, Phase::Begin));
        }
        key.is_some()
    }

    /// Destroys the object in a later turn of the event loop, after what was posted before; says whether
    /// it is still there.
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
        node.is_some_and(|node| node.life() == Life::Dying)
    }

    /// Goes on destroying, phase by phase, until a phase has something to be carried out first.
    #[inline(never)]
    pub(super) fn go_on_destroying(&mut self, key: ObjectKey, mut phase: Phase) {
        loop {
            let Some(node) = self.nodes.get_mut(key) else { return };
            let next = match phase {
                Phase::Begin => match node.shelf.label().life.replace(Life::Dying) {
                    Life::Begun => Phase::Cut,
                    Life::Alive => Phase::Announce,
                    Life::Dying => return,
                },
                Phase::Announce => Phase::Cut,
                Phase::Cut | Phase::Children => Phase::Children,
            };
            // On the stack before anybody's code runs, so that it outlives a panic there.
            self.stack.push(Effect::Destroy(key, next));
            match phase {
                Phase::Begin if next == Phase::Announce => self.take_last_steps(key),
                Phase::Begin => {}
                Phase::Announce => self.announce_destroyed(key),
                Phase::Cut => self.nodes[key].cut(),
                Phase::Children => match self.next_to_go(key) {
                    Some(child) => return self.stack.push(Effect::Destroy(child, Phase::Begin)),
                    None => {
                        // Once more, for what was connected meanwhile.
                        self.nodes[key].cut();
                        self.stack.pop();
                        return self.remove(key);
                    }
                },
            }
            if self.has_recorded() {
                return;
            }
            self.stack.pop();
            phase = next;
        }
    }

    /// The first child that is not being destroyed. Those before it, which are, go by themselves
    /// and no longer belong to anybody.
    fn next_to_go(&mut self, key: ObjectKey) -> Option<ObjectKey> {
        while let Some(child) = self.nodes[key].first_child {
            if self.nodes[child].life() != Life::Dying {
                return Some(child);
            }
            self.detach(child);
        }
        None
    }

    fn take_last_steps(&mut self, key: ObjectKey) {
        let place = self.nodes[key].shelf.place();
        if let Some(object) = place.rw(&mut self.owner).object_mut() {
            object.about_to_be_destroyed();
        }
    }

    fn announce_destroyed(&mut self, key: ObjectKey) {
        let extra = self.nodes[key].existing_extra();
        if extra.is_none_or(|extra| extra.destroyed.existing_core().is_none()) {
            return;
        }
        let emitter = self.emitter(key);
        let this = self.handle::<dyn QObject>(key);
        // The one signal that blocking does not stop.
        let blocked = emitter.block(false);
        if let Some(extra) = self.nodes[key].existing_extra() {
            extra.destroyed.emit(this);
        }
        emitter.block(blocked);
    }

    fn remove(&mut self, key: ObjectKey) {
        self.detach(key);
        let Some(node) = self.nodes.remove(key) else { return };
        if self.sender == Some(key) {
            self.sender = None;
        }
        if node.shelf.label().awaited.get() {
            self.run_deferred(key);
        }
        // Off the shelf, which a connection that is being walked may hold a little longer.
        let object = node.shelf.take(&mut self.owner);
        drop((node, object));
        if let Some(tracer) = self.recorder.tracer() {
            tracer.forget(key);
        }
    }
}
