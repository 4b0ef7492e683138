//! `SocketCore`: the state that all sockets share.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use crate::io::{Device, OpenMode};
use crate::net::engine::{Accepted, Network, SocketEngine};
use crate::net::proxy::NetworkProxy;
use crate::net::shared::Home;
use crate::net::socket::announcement::Announcement;
use crate::net::socket::endpoint::Endpoint;
use crate::net::socket::extra::{Extra, made};
use crate::net::socket::news::NewsBoard;
use crate::net::socket::phase::Phase;
use crate::net::socket::settings::{DEFAULTS, Settings};
use crate::net::socket::step::StepQueue;
use crate::net::values::{SocketError, SocketState, SocketType};
use crate::object::Signal;

/// The state that all sockets share.
///
/// Public only because the methods that [`QAbstractSocket`](crate::QAbstractSocket) provides go
/// through it.
pub struct SocketCore {
    pub(super) device: Device,
    signals: Signals,
    kind: SocketType,
    pub(super) peer: Endpoint,
    /// The engine is asked for this when it is needed first. The accepted sockets of a server
    /// share the server's address.
    local: OnceCell<Rc<Endpoint>>,
    pub(super) extra: OnceCell<Box<Extra>>,
    pub(super) phase: Phase,
    pub(super) steps: StepQueue,
    pub(super) announcement: Announcement,
    pub(super) news: NewsBoard,
    /// The socket has postponed its traffic: the loop will wake it.
    pub(super) is_postponed: bool,
    /// The last error.
    pub(super) error: Option<SocketError>,
    pub(super) home: Option<Home>,
}

/// The signals that most sockets need.
#[derive(Default)]
pub(in crate::net::socket) struct Signals {
    pub(in crate::net::socket) disconnected: Signal<()>,
    pub(in crate::net::socket) error_occurred: Signal<SocketError>,
}

/// What bytes pass on their way: the engine, the buffers of the device, the memory of the runtime.
pub(in crate::net::socket) struct Traffic<'a> {
    pub(in crate::net::socket) engine: &'a mut (dyn SocketEngine + 'static),
    pub(in crate::net::socket) device: &'a mut Device,
    pub(in crate::net::socket) home: Option<&'a Home>,
}

impl SocketCore {
    pub(in crate::net::socket) fn new(kind: SocketType) -> Self {
        Self {
            device: Device::default(),
            signals: Signals::default(),
            kind,
            peer: Endpoint::default(),
            local: OnceCell::new(),
            extra: OnceCell::new(),
            phase: Phase::Unconnected,
            steps: StepQueue::default(),
            announcement: Announcement::default(),
            news: NewsBoard::default(),
            is_postponed: false,
            error: None,
            home: None,
        }
    }

    /// Creates the core for an accepted connection. `local` is the address of this end, if known.
    pub(in crate::net::socket) fn accepted(
        accepted: Accepted,
        local: Option<Rc<Endpoint>>,
    ) -> Self {
        let Accepted { engine, peer, early } = accepted;
        let mut core = Self::new(SocketType::Tcp);
        core.device.open(OpenMode::READ_WRITE);
        core.peer = peer.into();
        core.local = local.map(OnceCell::from).unwrap_or_default();
        core.phase = Phase::Connected(engine);
        core.take_early(early);
        core
    }

    pub(in crate::net::socket) fn kind(&self) -> SocketType {
        self.kind
    }

    pub(in crate::net::socket) fn signals(&self) -> &Signals {
        &self.signals
    }

    #[inline]
    pub(in crate::net::socket) fn device(&self) -> &Device {
        &self.device
    }

    #[inline]
    pub(in crate::net::socket) fn device_mut(&mut self) -> &mut Device {
        &mut self.device
    }

    #[inline]
    pub(in crate::net::socket) fn device_and_home(&mut self) -> (&mut Device, Option<&Home>) {
        (&mut self.device, self.home.as_ref())
    }

    #[inline]
    pub(in crate::net::socket) fn home(&self) -> Option<&Home> {
        self.home.as_ref()
    }

    /// Returns the network of the socket's runtime.
    pub(in crate::net) fn network(&self) -> Option<Rc<dyn Network>> {
        self.home.as_ref().map(|home| home.network.clone())
    }

    /// Returns the address of this end.
    pub(in crate::net::socket) fn local(&self) -> Endpoint {
        match self.phase.engine() {
            Some(engine) => **self.local.get_or_init(|| local_of(engine)),
            None => self.local.get().map_or_else(Endpoint::default, |local| **local),
        }
    }

    /// Sets the address of this end, so that the engine is not asked for it.
    pub(in crate::net::socket) fn set_local(&mut self, local: Endpoint) {
        self.local = OnceCell::from(Rc::new(local));
    }

    /// Forgets the address of this end. If there is an engine, it is asked for it when it is needed
    /// next.
    pub(super) fn forget_local(&mut self) {
        self.local = OnceCell::new();
    }

    /// Returns the address of the peer.
    #[inline]
    pub(in crate::net::socket) fn peer(&self) -> &Endpoint {
        &self.peer
    }

    pub(in crate::net::socket) fn set_peer(&mut self, peer: Endpoint) {
        self.peer = peer;
    }

    /// Returns the host that `connect_to_host` was given.
    pub(in crate::net::socket) fn peer_name(&self) -> &str {
        self.extra().map_or("", |extra| &extra.peer_name)
    }

    /// Returns the proxy that was chosen when the socket last began to connect.
    pub(in crate::net::socket) fn chosen_proxy(&self) -> Option<&NetworkProxy> {
        self.extra()?.chosen_proxy.as_deref()
    }

    /// Forgets to which host and by which proxy the socket has connected.
    pub(super) fn forget_way(&mut self) {
        if let Some(extra) = self.extra.get_mut() {
            (extra.peer_name, extra.chosen_proxy) = (String::new(), None);
        }
    }

    /// Forgets the addresses of a connection that has ended.
    pub(in crate::net::socket) fn forget_ends(&mut self) {
        self.peer = Endpoint::default();
        self.forget_local();
    }

    #[inline]
    pub(in crate::net) fn state(&self) -> SocketState {
        self.phase.state()
    }

    /// Returns true if the socket is connected, or is a UDP socket that is bound. A bound TCP
    /// socket has no peer before it connects.
    pub(in crate::net) fn is_under_way(&self) -> bool {
        match self.state() {
            SocketState::Connected | SocketState::Closing => true,
            SocketState::Bound => self.kind == SocketType::Udp,
            _ => false,
        }
    }

    /// Returns true if the socket is unconnected and is not to connect when it enters a runtime.
    pub(in crate::net::socket) fn is_idle(&self) -> bool {
        self.state() == SocketState::Unconnected && self.phase.attempt().is_none()
    }

    /// Returns true if a connection to the peer is wished for or made.
    pub(in crate::net::socket) fn has_attempt(&self) -> bool {
        self.phase.attempt().is_some()
    }

    /// Returns true if addresses are being tried, or layers shake hands.
    #[inline]
    pub(in crate::net::socket) fn is_connecting(&self) -> bool {
        matches!(self.phase, Phase::Connecting(_))
    }

    /// Returns true if there is a connection that is not to be closed.
    #[inline]
    pub(in crate::net::socket) fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Connected(_))
    }

    /// Returns true if there is a connection, which may be closing.
    #[inline]
    pub(in crate::net::socket) fn has_connection(&self) -> bool {
        matches!(self.phase, Phase::Connected(_) | Phase::Closing(_))
    }

    /// Returns true if the socket counts as unconnected although it has an engine.
    #[inline]
    pub(in crate::net::socket) fn is_adopted(&self) -> bool {
        matches!(self.phase, Phase::Adopted(_))
    }

    /// Returns true if the socket has an engine of its own. The engines that race do not count.
    pub(in crate::net) fn has_engine(&self) -> bool {
        self.phase.engine().is_some()
    }

    #[inline]
    pub(in crate::net::socket) fn engine(&self) -> Option<&dyn SocketEngine> {
        self.phase.engine()
    }

    /// Returns the engine, if bytes or datagrams may come by it now, or could have come before.
    pub(in crate::net::socket) fn engine_under_way(&self) -> Option<&dyn SocketEngine> {
        self.phase.engine().filter(|_| self.is_under_way())
    }

    /// Returns the socket's own engine, or one of those that race to become it.
    pub(in crate::net::socket) fn any_engine(&self) -> Option<&dyn SocketEngine> {
        self.phase.engines().next()
    }

    /// Returns the engine of a socket that is connected or bound, mutably.
    #[inline]
    pub(in crate::net::socket) fn engine_mut(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        self.phase.engine_mut()
    }

    /// Returns the engine of a connection that is not to be closed, mutably.
    #[inline]
    pub(in crate::net::socket) fn connected_engine(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        match &mut self.phase {
            Phase::Connected(engine) => Some(&mut **engine),
            _ => None,
        }
    }

    /// Returns the engine, if datagrams can be sent and received now, mutably.
    #[inline]
    pub(in crate::net::socket) fn datagram_engine(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        match &mut self.phase {
            Phase::Bound(engine) | Phase::Connected(engine) => Some(&mut **engine),
            _ => None,
        }
    }

    /// Returns the engine, if datagrams can be taken from it now, mutably.
    #[inline]
    pub(in crate::net::socket) fn receiving_engine(
        &mut self,
    ) -> Option<&mut (dyn SocketEngine + 'static)> {
        match &mut self.phase {
            Phase::Bound(engine) | Phase::Connected(engine) | Phase::Closing(engine) => {
                Some(&mut **engine)
            }
            _ => None,
        }
    }

    /// Returns the engine, if there is one, with what bytes pass on their way.
    #[inline]
    pub(in crate::net::socket) fn traffic(&mut self) -> Option<Traffic<'_>> {
        let engine = self.phase.engine_mut()?;
        Some(Traffic { engine, device: &mut self.device, home: self.home.as_ref() })
    }

    /// Returns the rare parts, if they were needed before.
    pub(in crate::net::socket) fn extra(&self) -> Option<&Extra> {
        self.extra.get().map(|extra| &**extra)
    }

    /// Returns the rare parts. Makes them if they were not needed before.
    pub(in crate::net::socket) fn needed_extra(&self) -> &Extra {
        self.extra.get_or_init(Box::default)
    }

    /// Returns the rare parts, mutably. Makes them if they were not needed before.
    pub(in crate::net::socket) fn extra_mut(&mut self) -> &mut Extra {
        made(&mut self.extra)
    }

    pub(in crate::net::socket) fn settings(&self) -> &Settings {
        self.extra().map_or(&DEFAULTS, |extra| &extra.settings)
    }

    pub(in crate::net::socket) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.extra_mut().settings
    }
}

/// Asks an engine for the address of this end, which may be unknown.
fn local_of(engine: &dyn SocketEngine) -> Rc<Endpoint> {
    Rc::new(Endpoint::local_of(engine).unwrap_or_default())
}

impl Drop for SocketCore {
    fn drop(&mut self) {
        if let Some(legacy) = self.extra().and_then(|extra| extra.legacy.upgrade()) {
            legacy.set(self.news.news());
        }
    }
}

impl fmt::Debug for SocketCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketCore")
            .field("kind", &self.kind)
            .field("state", &self.state())
            .field("local", &self.local.get())
            .field("peer", &self.peer)
            .field("peer_name", &self.peer_name())
            .field("error", &self.error)
            .field("engine", &self.phase.engine())
            .finish_non_exhaustive()
    }
}
