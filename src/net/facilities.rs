//! What the sockets of one runtime share.

use std::rc::Rc;

use super::buffer_pool::BufferPool;
use super::engine::{NativeNetwork, Network, NetworkService};
use super::newcomers::Newcomers;
use crate::event_loop::{FlushList, Remote, Timers};
use crate::object::{Anchor, Stepper, World};

/// The services that a socket needs of its runtime.
pub(super) struct Facilities {
    pub(super) network: Rc<dyn Network>,
    pub(super) flush_list: Rc<FlushList>,
    pub(super) timers: Rc<Timers>,
    pub(super) remote: Remote,
    pub(super) pool: BufferPool,
    pub(super) newcomers: Newcomers,
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
        let (pool, newcomers) = (BufferPool::default(), Newcomers::default());
        let facilities = Rc::new(Self { network, flush_list, timers, remote, pool, newcomers });
        world.offer(facilities.clone());
        Some(facilities)
    }
}

/// Where a socket or a server lives.
pub(super) struct Home {
    pub(super) stepper: Stepper,
    pub(super) facilities: Rc<Facilities>,
}

impl Home {
    /// The home of an object that just got its place.
    pub(super) fn of(anchor: &Anchor<'_>) -> Option<Self> {
        Facilities::of(anchor).map(|facilities| Self { stepper: anchor.stepper(), facilities })
    }
}
