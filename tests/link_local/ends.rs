//! The two ends of a link, each with a runtime of its own.

use std::ops::{Index, IndexMut};
use std::time::{Duration, Instant};

use slotwire::sim::{SimHost, Simulation};
use slotwire::{InterfaceFlags, NetworkInterface};

use super::namespace::{in_own_network, ip};
use super::*;

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Near,
    Far,
}

/// The network that a test runs on.
pub(crate) struct Net {
    is_native: bool,
}

impl Net {
    pub(crate) fn native() -> Self {
        Self { is_native: true }
    }

    pub(crate) fn simulated() -> Self {
        Self { is_native: false }
    }

    /// Runs the body of the test named `test` at the two ends of a link.
    #[track_caller]
    pub(crate) fn between(&self, test: &str, body: impl FnOnce(&mut Ends)) {
        if self.is_native {
            in_own_network(&format!("{test}::native"), || {
                lay_link("near", "far");
                body(&mut Ends { ground: Box::new(NativeLink::new("near", "far")) });
            });
        } else {
            body(&mut Ends { ground: Box::new(SimulatedLink::new()) });
        }
    }
}

/// Lays a link between two interfaces of this host: `fe80::1` is the address of the one, `fe80::2`
/// that of the other. Nobody else is asked whether they are free.
pub(crate) fn lay_link(one: &str, other: &str) {
    ip(&format!(
        "link add {one} type veth peer name {other}
        link set {one} addrgenmode none up
        link set {other} addrgenmode none up"
    ));
    // The kernel is not done with either when the commands are. What is sent too early is lost.
    wait_for("both interfaces run", || {
        let runs = |name| NetworkInterface::from_name(name).unwrap().flags();
        [one, other].iter().all(|name| runs(name).contains(InterfaceFlags::RUNNING))
    });
    ip(&format!(
        "address add fe80::1/64 dev {one} nodad
        address add fe80::2/64 dev {other} nodad"
    ));
    wait_for("both addresses are this host's", || {
        let routes = std::fs::read_to_string("/proc/thread-self/net/ipv6_route").unwrap();
        is_own(&routes, "fe80::1", one) && is_own(&routes, "fe80::2", other)
    });
}

/// Returns true if a table of the kernel's routes has an address of an interface as this host's own.
fn is_own(routes: &str, address: &str, interface: &str) -> bool {
    let address: Ipv6Addr = address.parse().unwrap();
    let own = format!("{:032x} 80 ", address.to_bits());
    let mut routes = routes.lines();
    routes.any(|route| route.starts_with(&own) && route.trim_end().ends_with(interface))
}

/// Waits until the kernel has done something by itself.
#[track_caller]
fn wait_for(what: &str, is_done: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_done() {
        assert!(Instant::now() < deadline, "it does not come about that {what}");
        std::thread::yield_now();
    }
}

/// What a network does for the ends of a link.
trait Ground {
    fn runtime(&self, end: End) -> &Runtime;

    fn runtime_mut(&mut self, end: End) -> &mut Runtime;

    fn interface(&self, end: End) -> NetworkInterface;

    /// Lets both runtimes do what there is to do.
    fn pass(&mut self);
}

/// The two ends of a link.
pub(crate) struct Ends {
    ground: Box<dyn Ground>,
}

impl Ends {
    /// The ends of a link that has been [laid](lay_link) on this host.
    pub(crate) fn of_interfaces(near: &'static str, far: &'static str) -> Self {
        Self { ground: Box::new(NativeLink::new(near, far)) }
    }

    /// The interface of an end.
    pub(crate) fn interface(&self, end: End) -> NetworkInterface {
        self.ground.interface(end)
    }

    /// The address of an end, as it sees it itself.
    pub(crate) fn own(&self, end: End, port: u16) -> SocketAddr {
        let interface = self.interface(end);
        let mut entries = interface.address_entries().iter();
        entries.find(|entry| entry.scope_id() != 0).unwrap().socket_addr(port)
    }

    /// The address of the other end, as this one sees it.
    pub(crate) fn other(&self, end: End, port: u16) -> SocketAddr {
        let other = match end {
            Near => self.own(Far, port),
            Far => self.own(Near, port),
        };
        let IpAddr::V6(ip) = other.ip() else { panic!("{other} is no IPv6 address") };
        SocketAddrV6::new(ip, port, 0, self.interface(end).index()).into()
    }

    /// Runs both runtimes until `condition` holds.
    #[track_caller]
    pub(crate) fn until(&mut self, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !condition(self) {
            assert!(Instant::now() < deadline, "what is waited for does not happen");
            self.ground.pass();
        }
    }
}

impl Index<End> for Ends {
    type Output = Runtime;

    fn index(&self, end: End) -> &Runtime {
        self.ground.runtime(end)
    }
}

impl IndexMut<End> for Ends {
    fn index_mut(&mut self, end: End) -> &mut Runtime {
        self.ground.runtime_mut(end)
    }
}

/// Two interfaces of this host that are the ends of one link.
struct NativeLink {
    names: [&'static str; 2],
    runtimes: [Runtime; 2],
}

impl NativeLink {
    fn new(near: &'static str, far: &'static str) -> Self {
        Self { names: [near, far], runtimes: [Runtime::new().unwrap(), Runtime::new().unwrap()] }
    }
}

impl Ground for NativeLink {
    fn runtime(&self, end: End) -> &Runtime {
        &self.runtimes[end as usize]
    }

    fn runtime_mut(&mut self, end: End) -> &mut Runtime {
        &mut self.runtimes[end as usize]
    }

    fn interface(&self, end: End) -> NetworkInterface {
        NetworkInterface::from_name(self.names[end as usize]).unwrap()
    }

    fn pass(&mut self) {
        for runtime in &mut self.runtimes {
            runtime.process_events(Some(Duration::from_millis(1))).unwrap();
        }
    }
}

/// Two simulated hosts.
struct SimulatedLink {
    sim: Simulation,
    hosts: [SimHost; 2],
}

impl SimulatedLink {
    fn new() -> Self {
        let mut sim = Simulation::new(1);
        let hosts = ["near", "far"].map(|name| sim.add_host(name).unwrap());
        Self { sim, hosts }
    }
}

impl Ground for SimulatedLink {
    fn runtime(&self, end: End) -> &Runtime {
        &self.sim[self.hosts[end as usize]]
    }

    fn runtime_mut(&mut self, end: End) -> &mut Runtime {
        &mut self.sim[self.hosts[end as usize]]
    }

    fn interface(&self, end: End) -> NetworkInterface {
        let interfaces = self.sim.interfaces(self.hosts[end as usize]);
        interfaces.into_iter().find(|interface| interface.name() == "eth0").unwrap()
    }

    fn pass(&mut self) {
        self.sim.run_for(Duration::from_millis(1)).unwrap();
    }
}
