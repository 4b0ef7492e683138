//! What the sockets of one runtime share.

use std::ops::Deref;
use std::rc::Rc;

use super::buffer_pool::BufferPool;
use super::newcomers::Newcomers;
use crate::event_loop::{self, LoopParts, Parts};
use crate::net::engine::{NativeNetwork, Network};
use crate::net::names::HostLookups;
use crate::object::World;

/// What the sockets of a runtime share, beside the loop's parts.
pub(crate) struct Facilities {
    parts: Rc<LoopParts>,
    pub(in crate::net) network: Rc<dyn Network>,
    pub(in crate::net) pool: BufferPool,
    pub(in crate::net) newcomers: Newcomers,
    pub(super) lookups: HostLookups,
}

/// What a socket or a server keeps of its runtime.
pub(in crate::net) type Home = event_loop::Home<Facilities>;

impl Facilities {
    /// Says on which network the sockets of a runtime are to be that has none yet.
    pub(crate) fn begin(
        world: &World,
        network: impl FnOnce(&LoopParts) -> Rc<dyn Network>,
    ) -> Rc<Self> {
        let parts = LoopParts::of(world);
        let network = network(&parts);
        let facilities = Rc::new(Self {
            parts,
            network,
            pool: BufferPool::default(),
            newcomers: Newcomers::default(),
            lookups: HostLookups::default(),
        });
        world.keep(facilities.clone());
        facilities
    }
}

impl Parts for Facilities {
    /// Returns the facilities of this runtime: on the kernel's network, unless it was said which.
    fn of(world: &World) -> Rc<Self> {
        world
            .kept()
            .unwrap_or_else(|| Self::begin(world, |parts| Rc::new(NativeNetwork::new(parts))))
    }

    fn of_loop(&self) -> &LoopParts {
        &self.parts
    }
}

impl Deref for Facilities {
    type Target = LoopParts;

    fn deref(&self) -> &LoopParts {
        &self.parts
    }
}
