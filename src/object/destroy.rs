//! The end of objects.
//!
//! Destroying is an effect like any other, so it happens where it was written and never under a
//! running method. It goes in parts, because others get to act in between: the object's last steps,
//! then `destroyed`, then its connections are cut, then the children go, then the object itself.
//! How far it has come is the object's [`Life`].

use std::rc::Rc;

use super::arena::Life;
use super::class::QObject;
use super::handle::{Obj, Target};
use super::key::ObjectKey;
use super::node::Node;
use super::queue::{Act, Effect};
use super::world::World;

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

    /// Begins to destroy an object. Returns true if it was there.
    fn begin_to_destroy(&mut self, key: ObjectKey) -> bool {
        match self.life(key) {
            None => return false,
            Some(Life::Alive) if self.destroy_plain(key) => {}
            Some(life) if life.is_ending() => return false,
            Some(_) => self.go_on_destroying(key),
        }
        true
    }

    fn is_alive(&self, key: ObjectKey) -> bool {
        self.life(key) == Some(Life::Alive)
    }

    /// Destroys an object, or goes on with that, part by part, until a part has recorded something
    /// that is to be carried out first.
    fn go_on_destroying(&mut self, key: ObjectKey) {
        while let Some(place) = self.arena.place(key) {
            // On the stack before anybody's code runs, so that it outlives a panic there.
            self.turns.push(self.ends.go_on(key));
            match place.life() {
                Life::Begun => self.cut(key),
                Life::Alive => {
                    place.set_life(Life::Leaving);
                    self.take_last_steps(key);
                }
                Life::Leaving => {
                    place.set_life(Life::Announced);
                    self.announce_destroyed(key);
                }
                Life::Announced => self.cut(key),
                Life::Cut | Life::Gone => match self.next_to_go(key) {
                    Some(child) if self.is_alive(child) && self.destroy_plain(child) => {}
                    Some(child) => return self.turns.push(self.ends.go_on(child)),
                    None => {
                        // Once more, for what was connected meanwhile.
                        self.arena[key].cut();
                        self.turns.pop();
                        return self.remove(key);
                    }
                },
            }
            if self.has_recorded() {
                return;
            }
            self.turns.pop();
        }
    }

    /// Destroys an object to which nobody is connected and that has no children, or leaves the rest
    /// of it for after what its last steps have recorded. Returns false if it is not so simple:
    /// then nothing was done, apart from the last steps.
    #[inline]
    fn destroy_plain(&mut self, key: ObjectKey) -> bool {
        let is_plain = |world: &Self| {
            world.arena.node(key).is_some_and(Node::is_plain) && !world.tree.has_children(key)
        };
        let Some(place) = self.arena.place(key) else { return true };
        if !is_plain(self) {
            return false;
        }
        /// The last steps of an object. If they panic, the turn goes on with the rest of its end.
        struct LastSteps<'a>(&'a mut World, ObjectKey);

        impl Drop for LastSteps<'_> {
            fn drop(&mut self) {
                let rest = self.0.ends.go_on(self.1);
                self.0.turns.push(rest);
            }
        }

        place.set_life(Life::Leaving);
        let last_steps = LastSteps(self, key);
        last_steps.0.take_last_steps(key);
        std::mem::forget(last_steps);
        if self.has_recorded() {
            self.turns.push(self.ends.go_on(key));
        } else if is_plain(self) {
            self.remove(key);
        } else {
            return false;
        }
        true
    }

    /// The first child that is not being destroyed. Those before it, which are, go by themselves
    /// and no longer belong to anybody.
    fn next_to_go(&mut self, key: ObjectKey) -> Option<ObjectKey> {
        while let Some(child) = self.tree.first_child(key) {
            if self.life(child).is_some_and(|life| !life.is_ending()) {
                return Some(child);
            }
            self.tree.detach(child);
        }
        None
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
        if let Some((place, keyring)) = self.arena.look_mut(key)
            && let Some(object) = place.object_mut(keyring)
        {
            object.leave_runtime();
        }
    }

    fn announce_destroyed(&mut self, key: ObjectKey) {
        let extra = self.arena[key].existing_extra();
        if extra.is_none_or(|extra| extra.destroyed.existing_core().is_none()) {
            return;
        }
        let emitter = self.emitter(key);
        let this = self.handle::<dyn QObject>(key);
        // The one signal that blocking does not stop.
        let blocked = emitter.block(false);
        if let Some(extra) = self.arena[key].existing_extra() {
            extra.destroyed.emit(this);
        }
        emitter.block(blocked);
    }

    fn remove(&mut self, key: ObjectKey) {
        self.tree.detach(key);
        let Some((place, node)) = self.arena.remove(key) else { return };
        place.set_life(Life::Gone);
        if self.sender == Some(key) {
            self.sender = None;
        }
        self.came_back(key);
        // Out of the place, which a connection that is being walked may hold a little longer.
        let object = place.take(self.arena.keyring_mut());
        drop((node, object));
        if let Some(observer) = self.queue.observer() {
            observer.object_removed(key);
        }
    }
}

/// The acts by which objects end.
///
/// They cost nothing of a turn's budget: an end comes to an end by itself, and a tree of whatever
/// size is to go in one turn. The slots that are called meanwhile are paid for.
pub(super) struct Ends {
    begin: Rc<dyn Act<World>>,
    go_on: Rc<dyn Act<World>>,
}

/// Begins to destroy objects, or goes on with that, by their keys.
enum End {
    Begin,
    GoOn,
}

impl Ends {
    pub(super) fn new() -> Self {
        Self { begin: Rc::new(End::Begin), go_on: Rc::new(End::GoOn) }
    }

    fn begin(&self, object: ObjectKey) -> Effect<World> {
        Effect::Act { act: self.begin.clone(), what: object.bits() }
    }

    fn go_on(&self, object: ObjectKey) -> Effect<World> {
        Effect::Act { act: self.go_on.clone(), what: object.bits() }
    }
}

impl Act<World> for End {
    fn carry_out(self: Rc<Self>, world: &mut World, object: u64) {
        let object = ObjectKey::from_bits(object);
        match *self {
            Self::Begin => {
                world.begin_to_destroy(object);
            }
            Self::GoOn => world.go_on_destroying(object),
        }
    }
}
