//! What the sockets of one runtime share.

use std::rc::Rc;

use super::buffer_pool::BufferPool;
use super::engine::{NativeNetwork, Network, NetworkService};
use crate::event_loop::{FlushList, Remote, Timers};
use crate::object::Anchor;

/// The services that a socket needs of its runtime.
pub(super) struct Facilities {
    pub(super) network: Rc<dyn Network>,
    pub(super) flush_list: Rc<FlushList>,
    pub(super) timers: Rc<Timers>,
    pub(super) remote: Remote,
    pub(super) pool: BufferPool,
}

impl Facilities {
    /// The facilities of the runtime in which an object just got its place.
    ///
    /// A runtime has all the services below, so there is none only in a world without a loop.
    pub(super) fn of(anchor: &Anchor<'_>) -> Option<Rc<Self>> {
        if let Some(facilities) = anchor.service() {
            return Some(facilities);
        }
        let network = match anchor.service::<NetworkService>() {
            Some(service) => service.0.clone(),
            None => Rc::new(NativeNetwork::new(anchor.service()?)),
        };
        let (flush_list, timers) = (anchor.service()?, anchor.service()?);
        let remote = Remote::clone(&*anchor.service::<Remote>()?);
        let facilities =
            Rc::new(Self { network, flush_list, timers, remote, pool: BufferPool::default() });
        anchor.offer(facilities.clone());
        Some(facilities)
    }
}
