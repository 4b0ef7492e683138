//! `SocketCore`: the state that all sockets share.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use crate::io::{Device, OpenMode};
use crate::net::engine::{Accepted, Layer, Network, SocketEngine};
use crate::net::proxy::NetworkProxy;
use crate::net::shared::Home;
use crate::net::socket::agenda::Agenda;
use crate::net::socket::attempt::{Attempt, Terms};
use crate::net::socket::datagram_status::DatagramStatus;
use crate::net::socket::endpoint::Endpoint;
use crate::net::socket::extra::{Extra, made};
use crate::net::socket::news::NewsBoard;
use crate::net::socket::phase::Phase;
use crate::net::socket::settings::{DEFAULTS, Settings};
use crate::net::socket::traffic::{Buffers, Traffic};
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
    peer: Endpoint,
    /// The engine is asked for this when it is needed first. The accepted sockets of a server
    /// share the server's address.
    local: OnceCell<Rc<Endpoint>>,
    pub(super) extra: OnceCell<Box<Extra>>,
    pub(super) phase: Phase,
    pub(super) agenda: Agenda,
    pub(super) news: NewsBoard,
    /// The last error.
    pub(super) error: Option<SocketError>,
    /// The error for which there is no connection, unless the last one has ended in order.
    pub(super) lost_by: Option<SocketError>,
    pub(super) home: Option<Home>,
    /// Of a UDP socket only. Here it takes a byte that is free; beside the core it would take eight.
    datagrams: DatagramStatus,
}

/// The signals that most sockets need.
#[derive(Default)]
pub(in crate::net::socket) struct Signals {
    pub(in crate::net::socket) disconnected: Signal<()>,
    pub(in crate::net::socket) error_occurred: Signal<SocketError>,
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
            phase: Phase::default(),
            agenda: Agenda::default(),
            news: NewsBoard::default(),
            error: None,
            lost_by: None,
            home: None,
            datagrams: DatagramStatus::default(),
        }
    }

    /// Creates the core for an accepted connection. `local` is the address of this end, if known;
    /// `home` the place for which the socket is made, if it is made there.
    pub(in crate::net::socket) fn accepted(
        accepted: Accepted,
        local: Option<Rc<Endpoint>>,
        home: Option<Home>,
    ) -> Self {
        let Accepted { engine, peer, early } = accepted;
        let mut core = Self::new(SocketType::Tcp);
        core.device.open(OpenMode::READ_WRITE);
        core.peer = peer.into();
        core.local = local.map(OnceCell::from).unwrap_or_default();
        core.phase.put_in(SocketState::Connected, engine);
        core.home = home;
        core.adopt_early(early);
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

    /// Returns what is known of the datagrams that wait in the engine.
    #[inline]
    pub(in crate::net::socket) fn datagrams(&self) -> &DatagramStatus {
        &self.datagrams
    }

    #[inline]
    pub(in crate::net::socket) fn datagrams_mut(&mut self) -> &mut DatagramStatus {
        &mut self.datagrams
    }

    /// Forgets what was known of the datagrams that waited in the engine.
    pub(in crate::net::socket) fn forget_datagrams(&mut self) {
        self.datagrams = DatagramStatus::default();
    }

    /// Returns true if the socket is in a runtime.
    pub(in crate::net::socket) fn is_in_runtime(&self) -> bool {
        self.home.is_some()
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

    pub(in crate::net::socket) fn set_peer_name(&mut self, name: String) {
        self.extra_mut().peer_name = name;
    }

    /// Sets the proxy that was chosen to connect.
    pub(super) fn set_chosen_proxy(&mut self, proxy: Option<Rc<NetworkProxy>>) {
        self.extra_mut().chosen_proxy = proxy;
    }

    /// Counts a connection or a binding that begins.
    pub(super) fn count_begun(&mut self) {
        if let Some(extra) = self.extra.get_mut() {
            extra.begun = extra.begun.wrapping_add(1);
        }
    }

    /// Returns a number that changes when the socket begins to connect, is bound, or takes a
    /// connection over.
    pub(in crate::net) fn begun(&self) -> u32 {
        self.extra().map_or(0, |extra| extra.begun)
    }

    /// Sets the layer that stands on the next connection, above those of its route.
    #[cfg(feature = "tls")]
    pub(in crate::net::socket) fn set_next_layer(&mut self, layer: Layer) {
        self.extra_mut().next_layer = Some(layer);
    }

    /// Takes the layer that stands on the next connection, if there is one.
    pub(super) fn take_next_layer(&mut self) -> Option<Layer> {
        self.extra_mut().next_layer.take()
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
        self.phase.is_connecting()
    }

    /// Returns true if there is a connection that is not to be closed.
    #[inline]
    pub(in crate::net::socket) fn is_connected(&self) -> bool {
        self.phase.is_connected()
    }

    /// Returns true if there is a connection, which may be closing.
    #[inline]
    pub(in crate::net::socket) fn has_connection(&self) -> bool {
        self.phase.has_connection()
    }

    /// Returns true if the socket counts as unconnected although it has an engine.
    #[inline]
    pub(in crate::net::socket) fn is_adopted(&self) -> bool {
        self.phase.is_adopted()
    }

    /// Returns the way of bytes, if there is an engine.
    #[inline]
    pub(in crate::net::socket) fn traffic(&mut self) -> Option<Traffic<'_>> {
        let engine = self.phase.engine_mut()?;
        Some(Traffic::new(engine, Buffers::new(&mut self.device, self.home.as_ref())))
    }

    /// Returns the buffers of the device, to give their memory back.
    #[inline]
    pub(super) fn buffers(&mut self) -> Buffers<'_> {
        Buffers::new(&mut self.device, self.home.as_ref())
    }

    /// Returns what the socket lends to its attempt, if the socket is in a runtime.
    pub(super) fn terms(&self) -> Option<Terms<'_>> {
        Some(terms_of(self.home.as_ref()?, self.kind, &self.extra))
    }

    /// Returns the same together with the phase, which has the attempt.
    pub(super) fn phase_and_terms(&mut self) -> (&mut Phase, Option<Terms<'_>>) {
        let home = self.home.as_ref();
        (&mut self.phase, home.map(|home| terms_of(home, self.kind, &self.extra)))
    }

    /// Returns the attempt, if a connection to the peer is wished for or made.
    pub(super) fn attempt(&self) -> Option<&Attempt> {
        self.phase.attempt()
    }

    pub(super) fn attempt_mut(&mut self) -> Option<&mut Attempt> {
        self.phase.attempt_mut()
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

fn terms_of<'a>(home: &'a Home, kind: SocketType, extra: &'a OnceCell<Box<Extra>>) -> Terms<'a> {
    let extra = extra.get().map(|extra| &**extra);
    let peer = extra.map_or("", |extra| &extra.peer_name);
    Terms { home, kind, peer, settings: extra.map_or(&DEFAULTS, |extra| &extra.settings) }
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
