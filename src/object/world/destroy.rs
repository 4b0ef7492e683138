//! The end of objects.
//!
//! Destroying is an effect like any other, so it happens where it was written and never under a
//! running method. It goes in parts, because others get to act in between: the object's last steps,
//! then `destroyed`, then its connections are cut, then the children go, then the object itself.
//! How far it has come is the object's [`Life`].

use super::World;
use crate::object::class::{Obj, QObject, Target};
use crate::object::effects::Ending;
use crate::object::store::{Life, ObjectKey};

impl World {
    /// Destroys the object and its children, after what was recorded before. Returns true if it was
    /// still there.
    ///
    /// This takes effect when the running method has returned, so an object may destroy itself, and
    /// at once where none runs.
    ///
    /// In this order: the object's last steps and their signals; `destroyed`; its connections are
    /// cut; its children go, first added first; the object goes. Slots of other objects that this
    /// object's emissions have not reached yet are not called any more.
    ///
    /// # Panics
    ///
    /// Where no method runs, panics when a slot does.
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
    /// true if it is still there. Asking twice is the same as asking once.
    #[doc(alias = "deleteLater")]
    pub fn delete_later<T: ?Sized + Target>(&mut self, object: Obj<T>) -> bool {
        let Some(key) = self.own(object) else { return false };
        let Some(node) = self.arena.node_mut(key) else { return false };
        if !std::mem::replace(&mut node.extra().deletion_posted, true) {
            self.post(move |world| world.record_end(key));
        }
        true
    }

    /// Returns true if the object is being destroyed: slots that hear its last signals still find
    /// it.
    pub fn is_dying<T: ?Sized + Target>(&self, object: Obj<T>) -> bool {
        self.own(object).and_then(|key| self.life(key)).is_some_and(Life::is_ending)
    }

    /// How far an object has come, if it is there.
    fn life(&self, key: ObjectKey) -> Option<Life> {
        self.arena.place(key).map(|place| place.life())
    }

    /// Records that an object is to be destroyed.
    pub(super) fn record_end(&self, key: ObjectKey) {
        self.queue.record(self.ends.begin(key));
    }

    /// Lets the children of an object go, and then the object, until one of them has recorded
    /// something that is to be carried out first, or has an end in parts.
    fn go_with_children(&mut self, key: ObjectKey) {
        while let Some(child) = self.tree.first_child(key) {
            if self.destroy_plain(child) {
                if self.has_recorded() {
                    return;
                }
            } else if self.life(child).is_none_or(Life::is_ending) {
                // It goes by itself, and no longer belongs to anybody.
                self.tree.detach(child);
            } else {
                return self.turns.push(self.ends.go_on(child));
            }
        }
        // Once more, for what was connected meanwhile.
        self.arena[key].cut();
        self.turns.pop();
        self.remove(key);
    }

    /// Destroys an object of whose end nobody is told and that has no children, or leaves the rest of
    /// it for after what the object's last steps, or the captures of its connections, have recorded.
    /// Returns false if it is not so simple, or not alive: then nothing was done.
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
        /// An object whose connections are cut. If that panics, it moves as well.
        struct Cut<'a>(&'a mut World, ObjectKey);

        impl Drop for Cut<'_> {
            fn drop(&mut self) {
                self.0.move_out(self.1);
            }
        }

        // For the connections to it, it is gone from here.
        let Some(place) = self.arena.place(key) else { return };
        place.set_life(Life::Gone);
        let cut = Cut(self, key);
        cut.0.arena[key].cut();
        std::mem::forget(cut);
        if self.has_recorded() || self.tree.has_children(key) {
            self.move_out(key);
        }
    }

    /// Lets an object stay a little longer, where the connections that it had do not find it.
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
        // Out of the place, which a connection that is being walked may hold a little longer.
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
            // On the stack before anybody's code runs, so that it outlives a panic there.
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
