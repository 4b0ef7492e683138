//! What the sockets of one runtime share.

use std::cell::RefCell;
use std::rc::Rc;

use super::engine::{NativeNetwork, Network, NetworkService};
use crate::event_loop::{FlushList, Remote, Timers};
use crate::object::{Anchor, World};

/// How much one read takes at most. A full read is continued in the next turn, when the others
/// have had theirs.
const SCRATCH: usize = 64 * 1024;

/// The services that a socket needs of its runtime.
pub(super) struct Facilities {
    pub(super) network: Rc<dyn Network>,
    pub(super) flush_list: Rc<FlushList>,
    pub(super) timers: Rc<Timers>,
    pub(super) remote: Remote,
    /// Where every read goes first, so that an idle socket holds no buffer.
    pub(super) scratch: RefCell<Box<[u8]>>,
}

impl Facilities {
    /// The facilities of the runtime in which an object just got its place.
    ///
    /// A runtime has all the services below, so there is none only in a world without a loop.
    pub(super) fn of(anchor: &Anchor<'_>) -> Option<Rc<Self>> {
        Self::of_world(anchor.world())
    }

    /// The facilities of this runtime.
    pub(super) fn of_world(world: &World) -> Option<Rc<Self>> {
        if let Some(facilities) = world.service() {
            return Some(facilities);
        }
        let network = match world.service::<NetworkService>() {
            Some(service) => service.0.clone(),
            None => Rc::new(NativeNetwork::new(world.service()?, world.service()?)),
        };
        let (flush_list, timers) = (world.service()?, world.service()?);
        let remote = Remote::clone(&*world.service::<Remote>()?);
        let scratch = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
        let facilities = Rc::new(Self { network, flush_list, timers, remote, scratch });
        world.offer(facilities.clone());
        Some(facilities)
    }
}
