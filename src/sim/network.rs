//! `SimNetwork`: a network in memory, with a time of its own.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::host_network::HostNetwork;
use super::kernel::{
    ETHERNET_INDEX, Event, Host, Link, NameAnswer, Outside, Route, SimHost, Unrest, Watcher, Wire,
};
use super::plain::{SimListener, SimStream, SimUdpSocket};
use super::poller::{SimClock, SimPoller};
use crate::Error;
use crate::event_loop::{Runtime, saturating_add};
use crate::net::{Facilities, NetworkInterface, at_interface};

/// A network in memory: hosts, the links between them, and a time of its own.
///
/// A [`Runtime`] on one of its hosts uses the sockets that it uses everywhere, and they cannot tell
/// the difference. Nothing takes longer than computing it: when nothing is to be done, time jumps to
/// what happens next. What happens by chance follows from the seed, so that one seed is one run.
///
/// A copy is the same network. What is set holds from then on, also for what is connected already.
///
/// [`Simulation`](super::Simulation) drives several runtimes on one network. A runtime that is
/// driven alone, by [`exec`](Runtime::exec) or a wait, takes the time along: what the others would
/// have done meanwhile they do afterwards, as programs do that were stopped for a while.
///
/// ```
/// use std::time::Duration;
/// use slotwire::prelude::*;
/// use slotwire::sim::SimNetwork;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let network = SimNetwork::new(42);
/// let (here, there) = (network.add_host("here"), network.add_host("there"));
/// let _listener = network.listen(there, 80)?;
///
/// let mut rt = network.runtime(here)?;
/// let socket = rt.add(QTcpSocket::new());
/// rt.connect_fn(socket, QTcpSocket::connected, |world, _| world.quit());
/// rt[socket].connect_to_host("there", 80);
/// rt.exec()?;
/// // The name was looked up in a millisecond, and the way there and back takes two.
/// assert_eq!(network.elapsed(), Duration::from_millis(3));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SimNetwork {
    shared: Rc<Shared>,
}

struct Shared {
    wire: RefCell<Wire>,
    schedule: RefCell<Schedule>,
    /// What the clocks of the hosts show when no time has passed.
    start: Instant,
    seed: u64,
}

/// What programs want to do at some time, by the numbers that the agenda has.
#[derive(Default)]
struct Schedule {
    calls: BTreeMap<u64, Scheduled>,
    scheduled: u64,
}

/// What is to be done at some time.
type Scheduled = Box<dyn FnOnce(&SimNetwork)>;

impl Schedule {
    /// Adds a call and gives its number.
    fn add(&mut self, call: Scheduled) -> u64 {
        self.scheduled += 1;
        self.calls.insert(self.scheduled, call);
        self.scheduled
    }
}

impl SimNetwork {
    /// Creates a network without hosts. What happens on it by chance follows from the seed.
    pub fn new(seed: u64) -> Self {
        let wire = RefCell::new(Wire::new(seed));
        let schedule = RefCell::default();
        Self { shared: Rc::new(Shared { wire, schedule, start: Instant::now(), seed }) }
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// Returns how much time has passed on the network.
    pub fn elapsed(&self) -> Duration {
        self.wire().agenda.now()
    }

    pub(super) fn wire(&self) -> RefMut<'_, Wire> {
        // Nobody who holds it calls anybody.
        self.shared.wire.borrow_mut()
    }

    pub(super) fn start(&self) -> Instant {
        self.shared.start
    }
}

/// Hosts.
impl SimNetwork {
    /// Adds a host, which is found by its name and has one address of each family: 10.0.0.1 and
    /// fd00::1 are the first's. Its interface `eth0` has a link-local address as well, fe80::1,
    /// which its name does not lead to. The name may have letters beyond ASCII; in upper and lower
    /// case, and in its ASCII form (`xn--…`), it is the same name.
    ///
    /// # Panics
    ///
    /// Panics if there is a host of that name, or if there are 65,000.
    pub fn add_host(&self, name: &str) -> SimHost {
        let mut wire = self.wire();
        assert!(wire.names.host(name).is_none(), "there is a host {name:?} already");
        assert!(wire.hosts.len() < 65_000, "a network has up to 65,000 hosts");
        let host = SimHost(wire.hosts.len() as u16);
        let known = Host::new(host.0, name);
        for &address in &known.addresses {
            wire.owners.insert(address, host);
        }
        wire.names.name_host(name, host);
        wire.names.set(name, NameAnswer::found(known.global_addresses()));
        wire.hosts.push(known);
        host
    }

    /// Returns the host of that name.
    pub fn host(&self, name: &str) -> Option<SimHost> {
        self.wire().names.host(name)
    }

    /// Returns a host's name.
    pub fn host_name(&self, host: SimHost) -> String {
        self.wire().host(host).name.clone()
    }

    /// Returns a host's addresses, without those to which it talks to itself and without link-local
    /// ones, of which [`link_local_addr`](Self::link_local_addr) gives the first and
    /// [`interfaces`](Self::interfaces) all.
    pub fn addresses(&self, host: SimHost) -> Vec<IpAddr> {
        self.wire().host(host).global_addresses().collect()
    }

    /// Returns a host's link-local address and a port, with the scope id that it has to each host:
    /// the index of `eth0`.
    ///
    /// ```
    /// use slotwire::sim::SimNetwork;
    ///
    /// let network = SimNetwork::new(1);
    /// let host = network.add_host("host");
    /// assert_eq!(network.link_local_addr(host, 80).to_string(), "[fe80::1%2]:80");
    /// ```
    pub fn link_local_addr(&self, host: SimHost, port: u16) -> SocketAddr {
        let address = self.wire().host(host).link_local_address();
        let address = address.expect("each host is made with a link-local address and keeps it");
        at_interface(address, port, ETHERNET_INDEX)
    }

    /// Gives a host one more address, at `eth0`. Its name does not lead there unless that is
    /// [set](Self::set_name), too.
    ///
    /// # Panics
    ///
    /// Panics if a host has it, or it is no host's own.
    pub fn add_address(&self, host: SimHost, address: IpAddr) {
        let mut wire = self.wire();
        let is_own = !address.is_loopback() && !address.is_multicast() && !address.is_unspecified();
        assert!(is_own, "{address} is no address of a host");
        assert!(!wire.owners.contains_key(&address), "a host has {address} already");
        wire.owners.insert(address, host);
        wire.host_mut(host).addresses.push(address);
    }

    /// Returns a host's interfaces: `lo`, and `eth0` that leads to the others.
    pub fn interfaces(&self, host: SimHost) -> Vec<NetworkInterface> {
        self.wire().host(host).interfaces()
    }

    /// Creates a runtime on a host. Its clock is the network's, and its sockets are on it.
    ///
    /// # Errors
    ///
    /// Fails as [`Runtime::new`] does: what other threads post comes by the system's poller.
    pub fn runtime(&self, host: SimHost) -> Result<Runtime, Error> {
        let watcher = self.wire().watchers.insert(Watcher::default());
        let network = self.clone();
        let runtime = Runtime::with_poller(Rc::new(SimClock::new(self)), |kernel, parts| {
            Box::new(SimPoller::new(kernel, parts.reactor.clone(), network, watcher))
        })?;
        Facilities::begin(&runtime, |parts| {
            Rc::new(HostNetwork::new(self.clone(), host, parts, watcher))
        });
        Ok(runtime)
    }

    /// Takes a host down, as by a power failure: what its kernel knew of its sockets is gone, and
    /// nobody is told. Those that it talked to are left half-open, and nobody gets a socket before it
    /// is up again. Its runtimes are to be dropped; that of a [`Simulation`](super::Simulation) is
    /// not driven any more.
    pub fn crash(&self, host: SimHost) {
        self.wire().crash(host);
    }

    /// Says how often a host went down.
    pub(super) fn crashes(&self, host: SimHost) -> u32 {
        self.wire().host(host).crashes
    }

    /// Brings a host up again that is down. A [`Simulation`](super::Simulation) has a runtime on it
    /// when it [boots](super::Simulation::boot) the host itself.
    pub fn boot(&self, host: SimHost) {
        self.wire().host_mut(host).is_up = true;
    }

    /// Limits how many sockets the runtimes of a host may have open; `None`, the default, does not.
    /// What is beyond fails as it does in a process that has run out of descriptors.
    pub fn set_descriptor_limit(&self, host: SimHost, limit: Option<usize>) {
        self.wire().host_mut(host).descriptor_limit = limit;
    }

    /// Returns how many sockets the runtimes of a host have open.
    pub fn descriptors(&self, host: SimHost) -> usize {
        self.wire().host(host).descriptors
    }

    /// Returns how many sockets a host's kernel knows: also those that nobody holds any more and
    /// that have something to send, and connections that wait to be accepted.
    pub fn sockets(&self, host: SimHost) -> usize {
        self.wire().sockets.values().filter(|socket| socket.host == host).count()
    }
}

/// Links, routes, ports and names.
impl SimNetwork {
    /// Sets the link between all hosts that have none of their own.
    pub fn set_default_link(&self, link: Link) {
        self.wire().links[0] = link;
    }

    /// Sets the link from each host to itself.
    pub fn set_loopback(&self, link: Link) {
        self.wire().links[1] = link;
    }

    /// Sets the link between two hosts, in both directions.
    pub fn set_link(&self, a: SimHost, b: SimHost, link: Link) {
        self.set_link_from(a, b, link.clone());
        self.set_link_from(b, a, link);
    }

    /// Sets the link from one host to another.
    pub fn set_link_from(&self, from: SimHost, to: SimHost, link: Link) {
        self.wire().own_links.insert((from, to), link);
    }

    /// Cuts the way between two hosts, in both directions. What is on it arrives.
    pub fn partition(&self, a: SimHost, b: SimHost) {
        self.set_route(a, b, Route::Cut);
    }

    /// Opens the way between two hosts again, in both directions.
    pub fn repair(&self, a: SimHost, b: SimHost) {
        self.set_route(a, b, Route::Open);
    }

    /// Sets what becomes of what two hosts send to each other.
    pub fn set_route(&self, a: SimHost, b: SimHost, route: Route) {
        self.set_route_from(a, b, route);
        self.set_route_from(b, a, route);
    }

    /// Sets what becomes of what one host sends to another.
    pub fn set_route_from(&self, from: SimHost, to: SimHost, route: Route) {
        self.wire().routes.insert((from, to), route);
    }

    /// Has everything vanish that is sent to a port of a host from now on, as by a firewall; who
    /// calls there waits.
    pub fn close_port(&self, host: SimHost, port: u16) {
        self.wire().host_mut(host).black_holes.insert(port);
    }

    /// Lets through what is sent to a port that was closed.
    pub fn open_port(&self, host: SimHost, port: u16) {
        self.wire().host_mut(host).black_holes.remove(&port);
    }

    /// Sets what the name server answers for a name, in every spelling of that. It knows the hosts'
    /// names, and `localhost` with the names below it, which stay this host.
    ///
    /// A runtime remembers for a minute what it was answered, unless it
    /// [forgets](crate::World::clear_host_cache) that, or a connection to that name fails.
    pub fn set_name(&self, name: &str, answer: NameAnswer) {
        self.wire().names.set(name, answer);
    }

    /// Sets how readiness reaches the runtimes.
    pub fn set_unrest(&self, unrest: Unrest) {
        self.wire().unrest = unrest;
    }
}

/// Plain sockets: what a runtime talks to in a test. On a host that is down there is none to be had:
/// `NetworkDown`.
impl SimNetwork {
    /// Listens on a port of a host by a plain socket, on all of its addresses; port 0 is any.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody listens there.
    pub fn listen(&self, host: SimHost, port: u16) -> io::Result<SimListener> {
        self.listen_on(host, (Ipv6Addr::UNSPECIFIED, port))
    }

    /// Listens on one address of a host by a plain socket; port 0 is any.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody listens there, `AddrNotAvailable` if the host does not have the address.
    pub fn listen_on(&self, host: SimHost, at: impl Into<SocketAddr>) -> io::Result<SimListener> {
        SimListener::new(self, host, at.into())
    }

    /// Begins to connect to an address by a plain socket of a host.
    ///
    /// # Errors
    ///
    /// `NetworkUnreachable` or `PermissionDenied` if the route says so. What fails later,
    /// [`SimStream`]'s methods tell.
    pub fn connect(&self, host: SimHost, to: impl Into<SocketAddr>) -> io::Result<SimStream> {
        SimStream::connect(self, host, None, to.into())
    }

    /// Begins to connect to an address by a plain socket of a host, from an address and port of
    /// its own.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and if the host has no such address or somebody has the port.
    pub fn connect_from(
        &self,
        host: SimHost,
        from: SocketAddr,
        to: impl Into<SocketAddr>,
    ) -> io::Result<SimStream> {
        SimStream::connect(self, host, Some(from), to.into())
    }

    /// Binds a plain socket for datagrams to an address of a host; port 0 is any.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody has the port, `AddrNotAvailable` if the host does not have the address.
    pub fn bind_udp(&self, host: SimHost, at: impl Into<SocketAddr>) -> io::Result<SimUdpSocket> {
        SimUdpSocket::new(self, host, at.into(), false)
    }

    /// Binds a plain socket for datagrams that shares its address; otherwise as
    /// [`bind_udp`](Self::bind_udp).
    ///
    /// # Errors
    ///
    /// As [`bind_udp`](Self::bind_udp).
    pub fn bind_udp_shared(
        &self,
        host: SimHost,
        at: impl Into<SocketAddr>,
    ) -> io::Result<SimUdpSocket> {
        SimUdpSocket::new(self, host, at.into(), true)
    }
}

/// Time.
impl SimNetwork {
    /// Has `call` run after a while: to cut a cable at some time, or to let a plain socket speak. What
    /// calls itself again and again takes some time each time: in none it would never end.
    pub fn after(&self, delay: Duration, call: impl FnOnce(&Self) + 'static) {
        let number = self.shared.schedule.borrow_mut().add(Box::new(call));
        self.wire().agenda.write(delay, Event::Scheduled(number));
    }

    /// Lets time pass on the network alone; the runtimes learn of it in their next pass.
    pub fn advance(&self, time: Duration) {
        self.advance_to(self.elapsed().saturating_add(time));
    }

    /// Lets time pass up to a moment.
    pub(super) fn advance_to(&self, limit: Duration) {
        while self.step(limit) {}
        self.wire().agenda.pass_to(limit);
    }

    /// Returns when something happens next, in time since the network was made.
    pub fn next_event(&self) -> Option<Duration> {
        self.wire().agenda.next_due()
    }

    /// Lets what happens next happen, and all that happens at the same time, if that is no later
    /// than `limit`; says whether there was something.
    pub(super) fn step_moment(&self, limit: Duration) -> bool {
        if !self.step(limit) {
            return false;
        }
        let now = self.elapsed();
        while self.step(now) {}
        true
    }

    fn step(&self, limit: Duration) -> bool {
        let Some(outside) = self.wire().step(limit) else { return false };
        match outside {
            Outside::Nothing => {}
            Outside::Answer(question) => {
                let asker = self.wire().take_asker(question);
                if let Some(asker) = asker {
                    asker.tell();
                }
            }
            Outside::Scheduled(number) => {
                let call = self.shared.schedule.borrow_mut().calls.remove(&number);
                if let Some(call) = call {
                    call(self);
                }
                let wire = &mut *self.wire();
                wire.watchers.values_mut().for_each(|watcher| watcher.was_called = true);
            }
        }
        true
    }

    /// The moments at which the clocks of the hosts show this.
    pub(super) fn moment(&self, elapsed: Duration) -> Instant {
        saturating_add(self.start(), elapsed)
    }
}

impl fmt::Debug for SimNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimNetwork")
            .field("seed", &self.shared.seed)
            .field("wire", &self.shared.wire.try_borrow())
            .finish()
    }
}
