//! `SimNetwork`: a network in memory, with its own clock.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use super::host_network::HostNetwork;
use super::kernel::{
    ETHERNET_INDEX, Event, Host, Link, NameAnswer, Outside, Route, SimHost, Unrest, Watcher, Wire,
};
use super::plain::{SimListener, SimStream, SimUdpSocket};
use super::poller::{SimClock, SimPoller};
use crate::Error;
use crate::event_loop::{Runtime, date_after, first_date, saturating_add};
use crate::net::{Facilities, NetworkInterface, at_interface};

/// A network in memory: hosts, the links between them, and a clock.
///
/// A [`Runtime`] on one of its hosts uses the same sockets as on the system's network. No call
/// waits in real time: when no runtime has anything to do, time jumps to the next event. All random
/// events follow from the seed, so one seed is one run.
///
/// A clone is the same network. A change of a setting applies at once, also to existing
/// connections.
///
/// [`Simulation`](super::Simulation) drives several runtimes on one network. A runtime that is
/// driven alone, by [`exec`](Runtime::exec) or a wait, lets time pass for all: the other runtimes
/// do their work afterwards, like programs that were stopped for a while.
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
    /// The time of the hosts' clocks at the start.
    start: Instant,
    /// A date, and the simulated time at which the hosts' clocks show it.
    date: Cell<(SystemTime, Duration)>,
    seed: u64,
}

/// The scheduled calls, by their numbers on the agenda.
#[derive(Default)]
struct Schedule {
    calls: BTreeMap<u64, Scheduled>,
    scheduled: u64,
}

/// A scheduled call.
type Scheduled = Box<dyn FnOnce(&SimNetwork)>;

impl Schedule {
    /// Adds a call; returns its number.
    fn add(&mut self, call: Scheduled) -> u64 {
        self.scheduled += 1;
        self.calls.insert(self.scheduled, call);
        self.scheduled
    }
}

impl SimNetwork {
    /// Creates a network without hosts. All random events on it follow from the seed.
    pub fn new(seed: u64) -> Self {
        let wire = RefCell::new(Wire::new(seed));
        let schedule = RefCell::default();
        let date = Cell::new((first_date(), Duration::ZERO));
        Self { shared: Rc::new(Shared { wire, schedule, start: Instant::now(), date, seed }) }
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// Returns the simulated time since the network was created.
    pub fn elapsed(&self) -> Duration {
        self.wire().agenda.now()
    }

    /// Returns the date on the hosts' clocks, by which certificates are valid or not. At the
    /// beginning it is 1 January 2000, 0:00 UTC, in each run.
    pub fn system_time(&self) -> SystemTime {
        let (date, at) = self.shared.date.get();
        date_after(date, self.elapsed().saturating_sub(at))
    }

    /// Sets the date on the hosts' clocks. The time that has passed, and so all timers, stay as they
    /// are.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use slotwire::sim::SimNetwork;
    ///
    /// let network = SimNetwork::new(7);
    /// let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// network.set_system_time(date);
    /// network.advance(Duration::from_secs(60));
    /// assert_eq!(network.system_time(), date + Duration::from_secs(60));
    /// ```
    pub fn set_system_time(&self, date: SystemTime) {
        self.shared.date.set((date, self.elapsed()));
    }

    pub(super) fn wire(&self) -> RefMut<'_, Wire> {
        // No code calls out while it holds the borrow.
        self.shared.wire.borrow_mut()
    }

    pub(super) fn start(&self) -> Instant {
        self.shared.start
    }
}

/// Hosts.
impl SimNetwork {
    /// Adds a host with one address of each family: 10.0.0.1 and fd00::1 for the first. A lookup of
    /// the name finds these addresses. The host's interface `eth0` also has a link-local address,
    /// fe80::1, which a lookup of the name does not find. The name may have non-ASCII letters.
    /// Upper and lower case, and the ASCII form (`xn--…`), are the same name.
    ///
    /// # Panics
    ///
    /// Panics if there is a host of that name already, or if there are 65,000 hosts.
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

    /// Returns a host's addresses, without loopback and link-local addresses.
    /// [`link_local_addr`](Self::link_local_addr) returns the first link-local address, and
    /// [`interfaces`](Self::interfaces) has all addresses.
    pub fn addresses(&self, host: SimHost) -> Vec<IpAddr> {
        self.wire().host(host).global_addresses().collect()
    }

    /// Returns a host's link-local address with a port and a scope id: the index of `eth0`, which
    /// is the same on each host.
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

    /// Adds an address to a host's `eth0`. A lookup of the host's name does not find the address,
    /// unless [`set_name`](Self::set_name) adds it.
    ///
    /// # Panics
    ///
    /// Panics if a host has the address already, or if it is a loopback, multicast or unspecified
    /// address.
    pub fn add_address(&self, host: SimHost, address: IpAddr) {
        let mut wire = self.wire();
        let is_own = !address.is_loopback() && !address.is_multicast() && !address.is_unspecified();
        assert!(is_own, "{address} cannot be a host's address");
        assert!(!wire.owners.contains_key(&address), "a host has {address} already");
        wire.owners.insert(address, host);
        wire.host_mut(host).addresses.push(address);
    }

    /// Returns a host's interfaces: `lo`, and `eth0` to the other hosts.
    pub fn interfaces(&self, host: SimHost) -> Vec<NetworkInterface> {
        self.wire().host(host).interfaces()
    }

    /// Creates a runtime on a host. Its clock and its sockets are those of the network.
    ///
    /// # Errors
    ///
    /// Fails as [`Runtime::new`], since the runtime needs the system's poller for the posts of
    /// other threads.
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

    /// Takes a host down, as by a power failure: its kernel forgets all its sockets and sends
    /// nothing to other hosts. The connections of its peers are half-open, and no socket can be
    /// opened on the host until it is up again. Drop the host's runtimes after the call; a
    /// [`Simulation`](super::Simulation) does so itself.
    pub fn crash(&self, host: SimHost) {
        self.wire().crash(host);
    }

    /// Returns how often a host went down.
    pub(super) fn crashes(&self, host: SimHost) -> u32 {
        self.wire().host(host).crashes
    }

    /// Brings up a host that is down. In a [`Simulation`](super::Simulation), use
    /// [`boot`](super::Simulation::boot), which also creates a runtime.
    pub fn boot(&self, host: SimHost) {
        self.wire().host_mut(host).is_up = true;
    }

    /// Limits how many sockets the runtimes of a host may have open; `None`, the default, is no
    /// limit. At the limit, opening a socket fails as in a process that has no descriptor left.
    pub fn set_descriptor_limit(&self, host: SimHost, limit: Option<usize>) {
        self.wire().host_mut(host).descriptor_limit = limit;
    }

    /// Returns how many sockets the runtimes of a host have open.
    pub fn descriptors(&self, host: SimHost) -> usize {
        self.wire().host(host).descriptors
    }

    /// Returns how many sockets a host's kernel has. These include closed sockets that still have
    /// bytes to send, and connections that wait to be accepted.
    pub fn sockets(&self, host: SimHost) -> usize {
        self.wire().sockets.values().filter(|socket| socket.host == host).count()
    }
}

/// Links, routes, ports and names.
impl SimNetwork {
    /// Sets the link between all hosts without a link of their own.
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

    /// Cuts the route between two hosts, in both directions. Packets that are already on their way
    /// arrive.
    pub fn partition(&self, a: SimHost, b: SimHost) {
        self.set_route(a, b, Route::Cut);
    }

    /// Opens the route between two hosts again, in both directions.
    pub fn repair(&self, a: SimHost, b: SimHost) {
        self.set_route(a, b, Route::Open);
    }

    /// Sets the route between two hosts, in both directions.
    pub fn set_route(&self, a: SimHost, b: SimHost, route: Route) {
        self.set_route_from(a, b, route);
        self.set_route_from(b, a, route);
    }

    /// Sets the route from one host to another.
    pub fn set_route_from(&self, from: SimHost, to: SimHost, route: Route) {
        self.wire().routes.insert((from, to), route);
    }

    /// Drops all packets to a port of a host from now on, as a firewall does. An attempt to connect
    /// to the port gets no answer.
    pub fn close_port(&self, host: SimHost, port: u16) {
        self.wire().host_mut(host).black_holes.insert(port);
    }

    /// Lets packets to a closed port through again.
    pub fn open_port(&self, host: SimHost, port: u16) {
        self.wire().host_mut(host).black_holes.remove(&port);
    }

    /// Sets the name server's answer for a name, in all its spellings. The name server knows the
    /// hosts' names. `localhost`, and the names below it, always are the host that asks.
    ///
    /// A runtime caches an answer for a minute, unless the cache is
    /// [cleared](crate::World::clear_host_cache), or a connection to that name fails.
    pub fn set_name(&self, name: &str, answer: NameAnswer) {
        self.wire().names.set(name, answer);
    }

    /// Sets how readiness reaches the runtimes.
    pub fn set_unrest(&self, unrest: Unrest) {
        self.wire().unrest = unrest;
    }
}

/// Plain sockets, as peers for the runtime in a test. On a host that is down all of these fail with
/// `NetworkDown`.
impl SimNetwork {
    /// Listens on a port of a host with a plain socket, on all addresses. With port 0 the host
    /// chooses the port.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another socket listens there.
    pub fn listen(&self, host: SimHost, port: u16) -> io::Result<SimListener> {
        self.listen_on(host, (Ipv6Addr::UNSPECIFIED, port))
    }

    /// Listens on one address of a host with a plain socket. With port 0 the host chooses the port.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another socket listens there, `AddrNotAvailable` if the host does not have
    /// the address.
    pub fn listen_on(&self, host: SimHost, at: impl Into<SocketAddr>) -> io::Result<SimListener> {
        SimListener::new(self, host, at.into())
    }

    /// Begins to connect a plain socket of a host to an address.
    ///
    /// # Errors
    ///
    /// `NetworkUnreachable` or `PermissionDenied`, according to the [route](Route). The methods of
    /// [`SimStream`] return later errors.
    pub fn connect(&self, host: SimHost, to: impl Into<SocketAddr>) -> io::Result<SimStream> {
        SimStream::connect(self, host, None, to.into())
    }

    /// Begins to connect a plain socket of a host to an address, from a chosen address and port of
    /// the host.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and if the host does not have the address or another socket
    /// has the port.
    pub fn connect_from(
        &self,
        host: SimHost,
        from: SocketAddr,
        to: impl Into<SocketAddr>,
    ) -> io::Result<SimStream> {
        SimStream::connect(self, host, Some(from), to.into())
    }

    /// Binds a plain UDP socket to an address of a host. With port 0 the host chooses the port.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another socket has the port, `AddrNotAvailable` if the host does not have the
    /// address.
    pub fn bind_udp(&self, host: SimHost, at: impl Into<SocketAddr>) -> io::Result<SimUdpSocket> {
        SimUdpSocket::new(self, host, at.into(), false)
    }

    /// Binds a plain UDP socket that shares its address; otherwise as [`bind_udp`](Self::bind_udp).
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
    /// Calls `call` after `delay` of simulated time, for example to cut a route or to let a plain
    /// socket write. A `call` that schedules itself again must use a `delay` above zero; otherwise
    /// time stands still for ever.
    pub fn after(&self, delay: Duration, call: impl FnOnce(&Self) + 'static) {
        let number = self.shared.schedule.borrow_mut().add(Box::new(call));
        self.wire().agenda.write(delay, Event::Scheduled(number));
    }

    /// Lets time pass on the network alone. The runtimes handle the events in their next pass.
    pub fn advance(&self, time: Duration) {
        self.advance_to(self.elapsed().saturating_add(time));
    }

    /// Lets time pass up to `limit`.
    pub(super) fn advance_to(&self, limit: Duration) {
        while self.step(limit) {}
        self.wire().agenda.pass_to(limit);
    }

    /// Returns when the next event happens, as time since the network was created.
    pub fn next_event(&self) -> Option<Duration> {
        self.wire().agenda.next_due()
    }

    /// Carries out the next event and all events at the same time, if they are no later than
    /// `limit`. Returns true if there was one.
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

    /// Returns the time of the hosts' clocks after `elapsed`.
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
