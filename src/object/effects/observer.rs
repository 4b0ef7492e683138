//! The observer: the trait by which a runtime tells a trace of objects and emissions.
//!
//! The queue keeps it, since every signal reaches the queue. The objects' floor tells it what
//! happens to objects and what they emit, and knows no more of it. Nothing is known here of the
//! world (`W`). Who looks on is in `inspection/`.

use std::any::Any;
use std::rc::Weak;

use crate::object::store::ObjectKey;

/// A world at which somebody may look on.
pub(crate) trait Observed {
    /// An object of any class.
    type Object: ?Sized;
    /// A signal of any argument.
    type Signal: ?Sized;
}

/// Looks on at a world, and changes nothing that a program sees.
pub(in crate::object) trait Observer<W: Observed> {
    /// An object has got its place, and its constructor is about to run.
    fn object_added(&self, world: &W, key: ObjectKey);

    /// The constructor of an object has returned. From now on the object may emit, and it is not in
    /// its place yet.
    fn object_constructed(&self, world: &mut W, key: ObjectKey, object: &W::Object);

    /// An object has got another name.
    fn object_renamed(&self, key: ObjectKey, name: &str);

    /// An object is gone, or its constructor has failed.
    fn object_removed(&self, key: ObjectKey);

    /// The next emission is the first of its turn. What is emitted outside any turn counts to the
    /// next turn.
    fn turn_begun(&self);

    /// An emission is made. Returns true if the observer goes on looking.
    fn signal_emitted(
        &self,
        sender: ObjectKey,
        signal: Weak<W::Signal>,
        argument: &dyn Any,
    ) -> bool;
}
