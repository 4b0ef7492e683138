//! What the loop itself announces: a timer that is due, a descriptor that is ready.

use crate::object::{Obj, QObject, Signal, World};

/// Emits a signal of an object, in a turn of its own; says nothing if the object is gone.
///
/// What earlier turns left undelivered stays where it is: it may go on without end, and it may be
/// the end of this very object.
pub(super) fn announce<T: QObject, A: 'static>(
    world: &mut World,
    object: Obj<T>,
    signal: fn(&T) -> &Signal<A>,
    argument: A,
) {
    if world.has_work() {
        world.turn(|world| {
            if let Some(object) = world.get(object) {
                signal(object).emit(argument);
            }
        });
    } else if world.contains(object) {
        world.emit_now(object, signal, argument);
    }
}
