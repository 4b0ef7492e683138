//! Destroying objects.
//!
//! Destroying is an effect, so it happens where it was written and never while a method of the
//! object runs. It goes in parts, between which other objects may act: the last steps of the
//! object, then `destroyed`, then the object's connections are cut, then its children are
//! destroyed, then the object is removed. The object's [`Life`] says which part is next.

use super::World;
use crate::object::class::{Obj, QObject, Target};
use crate::object::effects::Ending;
use crate::object::store::{Life, ObjectKey};

impl World {
    /// Destroys the object and its children, after what was recorded before. Returns true if the
    /// object was still there.
    ///
    /// In a method, this takes effect after the method has returned, so an object may destroy
    /// itself. Where no method runs, it takes effect at once.
    ///
    /// The order is: the object takes its last steps, and their signals are delivered; `destroyed`
    /// is emitted; the object's connections are cut; its children are destroyed in the order in
    /// which they were added; the object is removed. So the object does not hear the end of its
    /// children, as in Qt. Slots of other objects that an emission of this object has not reached
    /// yet are not called any more.
    ///
    /// # Panics
    ///
    /// Where no method runs, panics if a slot panics.
    #[track_caller]
    pub fn destroy<T: ?Sized + Target>(&mut self, object: Obj<T>) -> bool {
        let Some(key) = self.own(object) else { return false };
        if self.queue.is_idle() {
            return self.turn(|world| world.begin_to_destroy(key));
        }
        let is_there = self.life(key).is_some_and(|life| !life.is_ending());
        if is_there {
            self.record_end(key);
        }
        self.settle();
        is_there
    }

    /// Destroys the object in a later pass of the event loop, after what was posted before. Returns
    /// true if the object is still there. A second call changes nothing.
    #[doc(alias = "deleteLater")]
    pub fn delete_later<T: ?Sized + Target>(&mut self, object: Obj<T>) -> bool {
        let Some(key) = self.own(object) else { return false };
        let Some(node) = self.arena.node_mut(key) else { return false };
        if !std::mem::replace(&mut node.extra().deletion_posted, true) {
            self.post(move |world| world.record_end(key));
        }
        true
    }

    /// Returns true if the object is being destroyed. Slots that its last signals call can still
    /// reach it.
    pub fn is_dying<T: ?Sized + Target>(&self, object: Obj<T>) -> bool {
        self.own(object).and_then(|key| self.life(key)).is_some_and(Life::is_ending)
    }

    /// Returns the part of its life that an object is in, if it is there.
    fn life(&self, key: ObjectKey) -> Option<Life> {
        self.arena.place(key).map(|place| place.life())
    }

    /// Records that an object must be destroyed.
    pub(super) fn record_end(&self, key: ObjectKey) {
        self.queue.record(self.ends.begin(key));
    }

    /// Destroys the children of an object, and then removes the object. Returns early if a child
    /// has recorded something that must be carried out first, or if a child must be destroyed in
    /// parts.
    fn go_with_children(&mut self, key: ObjectKey) {
        while let Some(child) = self.tree.first_child(key) {
            if self.destroy_plain(child) {
                if self.has_recorded() {
                    return;
                }
            } else if self.life(child).is_none_or(Life::is_ending) {
                // The child is being destroyed already, and needs no parent any more.
                self.tree.detach(child);
            } else {
                return self.turns.push(self.ends.go_on(child));
            }
        }
        // Once more, for what was connected since the first cut.
        self.arena[key].cut();
        self.turns.pop();
        self.remove(key);
    }

    /// Destroys an object that has no children and whose end calls no slot. If the object's last
    /// steps, or the captured values of its connections, have recorded something, the object is
    /// removed after that. Returns false, and does nothing, if the object is not so simple or not
    /// alive.
    fn destroy_plain(&mut self, key: ObjectKey) -> bool {
        /// A part of an object's end. If it panics, the turn goes on with the rest of the end.
        struct Part<'a>(&'a mut World, ObjectKey);

        impl Drop for Part<'_> {
            fn drop(&mut self) {
                self.0.turns.push(self.0.ends.go_on(self.1));
            }
        }

        let part = Part(self, key);
        let world = &mut *part.0;
        let alive = world.arena.look_with_node(key).filter(|(place, node, _)| {
            node.is_plain() && !world.tree.has_children(key) && place.life() == Life::Alive
        });
        let Some((place, node, keyring)) = alive else {
            std::mem::forget(part);
            return false;
        };
        let is_heard = !node.signals().is_empty();
        place.leave(keyring);
        // The last steps do not reach the world, so the object is as plain as before.
        if is_heard && !part.0.has_recorded() {
            part.0.cut(key);
        }
        // The end of the part leaves the rest for later.
        if !part.0.has_recorded() {
            std::mem::forget(part);
            self.remove(key);
        }
        true
    }

    /// Closes every connection to the object and from it.
    fn cut(&mut self, key: ObjectKey) {
        /// An object whose connections are being cut. If that panics, the object moves to a new
        /// place as well.
        struct Cut<'a>(&'a mut World, ObjectKey);

        impl Drop for Cut<'_> {
            fn drop(&mut self) {
                self.0.move_out(self.1);
            }
        }

        // For the connections to it, the object is gone from now on.
        let Some(place) = self.arena.place(key) else { return };
        place.set_life(Life::Gone);
        let cut = Cut(self, key);
        cut.0.arena[key].cut();
        std::mem::forget(cut);
        if self.has_recorded() || self.tree.has_children(key) {
            self.move_out(key);
        }
    }

    /// Moves an object that stays a little longer to a new place, where its old connections cannot
    /// find it.
    fn move_out(&mut self, key: ObjectKey) {
        self.arena.move_out(key, |place, keyring| place.move_out(keyring));
    }

    fn take_last_steps(&mut self, key: ObjectKey) {
        if let Some((place, keyring)) = self.arena.look_mut(key) {
            place.leave(keyring);
        }
    }

    fn announce_destroyed(&mut self, key: ObjectKey) {
        let Some(extra) = self.arena[key].existing_extra() else { return };
        let Some(core) = extra.destroyed.existing_core() else { return };
        let this = self.handle::<dyn QObject>(key);
        // The one signal that blocking does not stop.
        let tally = &core.emitter().tally;
        let is_blocked = tally.is_blocked();
        tally.block(false);
        extra.destroyed.emit(this);
        tally.block(is_blocked);
    }

    fn remove(&mut self, key: ObjectKey) {
        self.tree.detach(key);
        let Some((place, node)) = self.arena.remove(key) else { return };
        // Taken out of its place: a connection that is being walked may keep the place a little
        // longer.
        let object = place.end(self.arena.keyring_mut());
        if self.sender == Some(key) {
            self.sender = None;
        }
        self.came_back(key);
        node.end();
        drop(object);
        if let Some(observer) = self.queue.observer() {
            observer.object_removed(key);
        }
    }
}

impl Ending for World {
    fn begin_to_destroy(&mut self, key: ObjectKey) -> bool {
        if self.destroy_plain(key) {
            return true;
        }
        let is_there = self.life(key).is_some_and(|life| !life.is_ending());
        if is_there {
            self.go_on_destroying(key);
        }
        is_there
    }

    fn go_on_destroying(&mut self, key: ObjectKey) {
        while let Some(place) = self.arena.place(key) {
            // Pushed before any other code runs, so that it is on the stack even if that code
            // panics.
            self.turns.push(self.ends.go_on(key));
            match place.life() {
                Life::Begun => self.cut(key),
                Life::Alive => self.take_last_steps(key),
                Life::Leaving => {
                    place.set_life(Life::Announced);
                    self.announce_destroyed(key);
                }
                Life::Announced => self.cut(key),
                Life::Cut | Life::Gone => return self.go_with_children(key),
            }
            if self.has_recorded() {
                return;
            }
            self.turns.pop();
        }
    }
}
