//! The steps that the waits for sockets and for servers have in common.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use crate::event_loop::Runtime;
use crate::net::engine::{Awaited, Network};
use crate::object::{Obj, Origin, Target};
use crate::readiness::Readiness;

/// Delivers the effects that were recorded before the wait, until no turn of the object is put
/// aside any more. Returns false if the deadline passes before: news of the object would then
/// overtake its turn.
pub(super) fn deliver_before<T: ?Sized + Target>(
    runtime: &mut Runtime,
    object: Obj<T>,
    deadline: Option<Instant>,
) -> bool {
    runtime.deliver();
    let Some(key) = runtime.own(object) else { return true };
    while runtime.is_held_up(Origin::Object(key)) {
        if deadline.is_some_and(|deadline| deadline <= runtime.timers().now()) {
            return false;
        }
        runtime.deliver();
    }
    true
}

/// Calls `f` with an object, and delivers the effects that `f` recorded.
pub(super) fn turn_of<T: ?Sized + Target>(
    runtime: &mut Runtime,
    object: Obj<T>,
    f: impl FnOnce(&mut T),
) {
    let Some(key) = runtime.own(object) else { return };
    runtime.on_behalf_of(Origin::Object(key), |world| {
        world.turn(|world| {
            if let Some(object) = world.get_mut(object) {
                f(object);
            }
        });
    });
}

/// What came of waiting for the addresses of a name.
pub(super) enum Lookup {
    Answered(io::Result<Vec<SocketAddr>>),
    /// The time of the attempt's next step has come before.
    Due,
    /// The deadline has passed before.
    TooLate,
}

/// Waits for the addresses of a name, up to the next step of the attempt or the deadline.
pub(super) fn look_up(
    runtime: &Runtime,
    network: &dyn Network,
    name: &str,
    next_try: Option<Instant>,
    deadline: Option<Instant>,
) -> Lookup {
    let nearest = next_try.into_iter().chain(deadline).min();
    let timers = runtime.timers();
    let timeout = nearest.map(|nearest| nearest.saturating_duration_since(timers.now()));
    match network.resolve_now(name, timeout) {
        Err(error) if error.kind() == ErrorKind::TimedOut => {
            timers.clock().waited(timeout.unwrap_or_default());
            // Without a deadline, a timeout means that no answer will come.
            if nearest == deadline { Lookup::TooLate } else { Lookup::Due }
        }
        found => Lookup::Answered(found),
    }
}

/// Waits until one of the sockets is ready; returns `None` if the deadline passes before.
pub(super) fn wait_on(
    runtime: &Runtime,
    network: &dyn Network,
    sockets: &[Awaited<'_>],
    deadline: Option<Instant>,
) -> Option<Vec<Readiness>> {
    let timers = runtime.timers();
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(timers.now()));
        // A failure of the poller counts as no readiness: the socket's own calls report an error.
        let ready = network.wait(sockets, timers.clock().sleep(left)).ok()?;
        if ready.iter().any(|ready| *ready != Readiness::default()) {
            return Some(ready);
        }
        if let Some(left) = left {
            timers.clock().waited(left);
            if deadline.is_some_and(|deadline| deadline <= timers.now()) {
                return None;
            }
        }
    }
}
