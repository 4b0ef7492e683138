//! The observer: the trait that a runtime calls for its objects and emissions.
//!
//! The queue keeps the observer, since every signal can reach the queue. The observer does not know
//! the world (`W`). `inspection/` implements the trait.

use std::any::Any;
use std::rc::Weak;

use crate::object::store::ObjectKey;

/// A world that can have an observer.
pub(crate) trait Observed {
    /// An object of any class.
    type Object: ?Sized;
    /// A signal with any argument.
    type Signal: ?Sized;
}

/// Gets the objects and the emissions of a world. Changes nothing that a program can notice.
pub(in crate::object) trait Observer<W: Observed> {
    /// An object was added, and its constructor is about to run.
    fn object_added(&self, world: &W, key: ObjectKey);

    /// The constructor of an object has returned. From now on the object may emit. It is not in its
    /// place yet.
    fn object_constructed(&self, world: &mut W, key: ObjectKey, object: &W::Object);

    /// An object has a new name.
    fn object_renamed(&self, key: ObjectKey, name: &str);

    /// An object was removed, or its constructor has failed.
    fn object_removed(&self, key: ObjectKey);

    /// The next emission is the first of its turn. An emission outside any turn belongs to the next
    /// turn.
    fn turn_begun(&self);

    /// A signal is being emitted. Returns true if the observer wants more emissions.
    fn signal_emitted(
        &self,
        sender: ObjectKey,
        signal: Weak<W::Signal>,
        argument: &dyn Any,
    ) -> bool;
}
