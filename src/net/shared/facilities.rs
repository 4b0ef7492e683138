//! What the sockets of one runtime share.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use super::buffer_pool::BufferPool;
use super::newcomers::Newcomers;
use crate::event_loop::{self, LoopParts, Parts};
use crate::net::engine::{Destination, NativeNetwork, Network, Router};
use crate::net::names::HostLookups;
use crate::net::proxy::{Chosen, NetworkProxy, ProxyChoice, ProxyFactory};
use crate::net::values::{BindAddress, EngineFailure, SocketType};
use crate::object::World;

/// What the sockets of a runtime share: the loop's parts, the network and more.
pub(crate) struct Facilities {
    parts: Rc<LoopParts>,
    pub(in crate::net) network: Rc<dyn Network>,
    pub(in crate::net) pool: BufferPool,
    pub(in crate::net) newcomers: Newcomers,
    pub(super) lookups: HostLookups,
    proxies: RefCell<ProxyChoice>,
    /// Decides by which route sockets connect, in place of the proxies.
    router: RefCell<Option<Rc<dyn Router>>>,
}

/// What a socket or a server keeps of its runtime.
pub(in crate::net) type Home = event_loop::Home<Facilities>;

impl Facilities {
    /// Sets the network of a runtime that has no facilities yet, and returns the facilities.
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
            proxies: RefCell::default(),
            router: RefCell::default(),
        });
        world.keep(facilities.clone());
        facilities
    }

    /// Chooses the way by which a socket is to reach `destination`. `own` is the socket's proxy.
    pub(in crate::net) fn choose(
        &self,
        own: &NetworkProxy,
        destination: &Destination<'_>,
    ) -> Chosen {
        // Cloned, because a router or a factory may set another one.
        let router = self.router.borrow().clone();
        match router {
            Some(router) => Chosen { route: router.route(destination), proxy: None },
            None => self.proxies().choose(own, destination),
        }
    }

    /// Chooses the way by which a socket of this kind gets its datagrams when it is bound; `None` if
    /// no proxy is in the way.
    pub(in crate::net) fn choose_to_bind(
        &self,
        own: &NetworkProxy,
        kind: SocketType,
        address: BindAddress,
        protocol_tag: &str,
    ) -> Result<Option<Chosen>, EngineFailure> {
        self.proxies().choose_to_bind(own, kind, address, protocol_tag)
    }

    pub(super) fn set_application_proxy(&self, proxy: NetworkProxy) {
        self.proxies.borrow_mut().set_application_proxy(proxy);
    }

    pub(super) fn application_proxy(&self) -> NetworkProxy {
        let proxies = self.proxies.borrow();
        proxies.application_proxy().cloned().unwrap_or_else(NetworkProxy::none)
    }

    pub(super) fn set_proxy_factory(&self, factory: Rc<dyn ProxyFactory>) {
        self.proxies.borrow_mut().set_factory(factory);
    }

    /// Returns the proxies of this runtime. Most runtimes have none, which costs no copy.
    fn proxies(&self) -> ProxyChoice {
        self.proxies.borrow().clone()
    }
}

impl World {
    /// Sets the router, which decides by which route the sockets of this runtime connect from now
    /// on.
    #[doc(hidden)]
    pub fn set_router(&mut self, router: impl Router + 'static) {
        Facilities::of(self).router.replace(Some(Rc::new(router)));
    }
}

impl Parts for Facilities {
    /// Returns the facilities of this runtime. Makes them on the kernel's network if there are
    /// none.
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
