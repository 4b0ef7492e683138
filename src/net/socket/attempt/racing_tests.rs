//! Tests of the race of a name's addresses: on the kernel's sockets, with one name whose addresses
//! the test sets, and with a virtual clock.

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::address_order::alternating;
use crate::event_loop::{LoopParts, Parts, Runtime, VirtualClock};
use crate::io::OpenMode;
use crate::net::engine::{Awaited, NativeNetwork, Network, SocketEngine};
use crate::net::names::{Lookup, OnResolved};
use crate::net::shared::Facilities;
use crate::net::{
    BindMode, NetworkLayerProtocol, QAbstractSocket, QTcpSocket, SocketError, SocketOption,
    SocketState, SocketType,
};
use crate::object::{Obj, World};
use crate::readiness::Readiness;

/// The kernel's network with one name in it.
struct OneName {
    native: NativeNetwork,
    addresses: RefCell<Vec<SocketAddr>>,
    /// The addresses that sockets were opened for.
    tried: RefCell<Vec<SocketAddr>>,
    /// The names that are to be looked up anew.
    forgotten: RefCell<Vec<String>>,
}

impl Network for OneName {
    fn open(&self, kind: SocketType, towards: SocketAddr) -> io::Result<Box<dyn SocketEngine>> {
        self.tried.borrow_mut().push(towards);
        self.native.open(kind, towards)
    }

    fn adopt(&self, kind: SocketType, descriptor: OwnedFd) -> io::Result<Box<dyn SocketEngine>> {
        self.native.adopt(kind, descriptor)
    }

    fn resolve(&self, _: &str, on_resolved: OnResolved) -> Lookup {
        on_resolved(Ok(self.addresses.borrow().clone()));
        Lookup::finished()
    }

    fn resolve_now(&self, _: &str, _: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        Ok(self.addresses.borrow().clone())
    }

    fn forget_host(&self, name: &str) {
        self.forgotten.borrow_mut().push(name.to_owned());
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        self.native.interface_index(name)
    }

    fn clear_host_cache(&self) {}

    fn wait(
        &self,
        sockets: &[Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Vec<Readiness>> {
        self.native.wait(sockets, timeout)
    }
}

/// Does not answer: the listener's queue is full.
const SILENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Does not answer, as [`SILENT`].
const MUTE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Refuses: there is no listener.
const CLOSED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);
/// Answers.
const OPEN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 5);
/// No other socket is bound to this address.
const HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 6);
/// Fails at once: no connection goes to a group.
const UNREACHABLE: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);

struct Bench {
    rt: Runtime,
    clock: VirtualClock,
    socket: Obj<QTcpSocket>,
    port: u16,
    network: Rc<OneName>,
    _kept: (TcpListener, Vec<Socket>),
}

/// A socket that is to connect to a name with these addresses.
fn bench(addresses: &[Ipv4Addr]) -> Bench {
    bench_of(addresses.iter().map(|&address| (address, 0).into()).collect())
}

fn bench_of(addresses: Vec<SocketAddr>) -> Bench {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let native = NativeNetwork::new(&LoopParts::of(&rt));
    let addresses = RefCell::new(addresses);
    let network = Rc::new(OneName {
        native,
        addresses,
        tried: RefCell::default(),
        forgotten: RefCell::default(),
    });
    Facilities::begin(&rt, |_| network.clone());
    // A port that is free on the one address may be taken on another.
    let (port, kept) = std::iter::repeat_with(|| {
        let open = TcpListener::bind((OPEN, 0))?;
        let port = open.local_addr()?.port();
        let mut full = silent(SILENT, port)?;
        full.append(&mut silent(MUTE, port)?);
        // A listener on all addresses may have the port there.
        TcpListener::bind((HOME, port))?;
        io::Result::Ok((port, (open, full)))
    })
    .take(100)
    .find_map(io::Result::ok)
    .unwrap();
    let socket = rt.add(QTcpSocket::new());
    Bench { rt, clock, socket, port, network, _kept: kept }
}

/// A listener whose queue is full.
fn silent(address: Ipv4Addr, port: u16) -> io::Result<Vec<Socket>> {
    let stream = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = stream();
    let address = SocketAddr::from((address, port)).into();
    listener.bind(&address)?;
    listener.listen(0)?;
    let mut kept = vec![listener];
    for _ in 0..8 {
        let client = stream();
        client.set_nonblocking(true).unwrap();
        // A pending connection and an established one both take a place in the queue.
        let _ = client.connect(&address);
        kept.push(client);
    }
    Ok(kept)
}

impl Bench {
    /// Connects in the loop, or by a wait. Returns how long it took.
    fn connect(&mut self, waits: bool) -> Duration {
        self.connect_to("name", waits)
    }

    fn connect_to(&mut self, host: &str, waits: bool) -> Duration {
        let socket = self.socket;
        self.rt[socket].connect_to_host(host, self.port);
        if waits {
            self.rt.wait_for_connected(socket, None);
        } else {
            let is_done =
                |state| matches!(state, SocketState::Connected | SocketState::Unconnected);
            let hour = Duration::from_secs(3600);
            self.rt.run_until(hour, |world| is_done(world[socket].state())).unwrap();
        }
        while self.rt.process_events(Some(Duration::ZERO)).unwrap() {}
        let elapsed = self.clock.elapsed();
        assert_eq!(self.rt.next_deadline(), None, "no timer is left");
        elapsed
    }

    #[track_caller]
    fn reached(&self, address: Ipv4Addr) {
        assert_eq!(self.rt[self.socket].state(), SocketState::Connected);
        assert_eq!(self.rt[self.socket].peer_address(), Some(address.into()));
        assert_eq!(self.rt[self.socket].error(), None);
    }
}

const HEAD_START: Duration = Duration::from_millis(250);

#[test]
fn each_address_has_a_head_start_over_the_next() {
    for waits in [false, true] {
        let mut bench = bench(&[SILENT, MUTE, OPEN]);
        let elapsed = bench.connect(waits);
        assert_eq!(elapsed, 2 * HEAD_START);
        bench.reached(OPEN);
    }
}

#[test]
fn whichever_address_wins_has_the_options() {
    let (early, late) = (SocketOption::LowDelay(true), SocketOption::KeepAlive(true));
    let mut bench = bench(&[SILENT, OPEN]);
    let socket = bench.socket;
    bench.rt[socket].set_socket_option(early).unwrap();
    bench.rt[socket].connect_to_host("name", bench.port);
    let begun = |world: &World| world[socket].is_valid();
    assert!(bench.rt.run_until(Duration::from_secs(1), begun).unwrap());
    // No socket was opened for the second address yet.
    assert_eq!(bench.network.tried.borrow().len(), 1);
    bench.rt[socket].set_socket_option(late).unwrap();
    let stands = |world: &World| world[socket].state() == SocketState::Connected;
    assert!(bench.rt.run_until(Duration::from_secs(9), stands).unwrap());
    bench.reached(OPEN);
    for option in [early, late] {
        assert_eq!(bench.rt[socket].socket_option(option.name()).unwrap(), option);
    }
}

#[test]
fn every_address_fails_at_once_if_its_socket_does_not_take_an_option() {
    let mut bench = bench(&[SILENT, OPEN]);
    // More than Linux allows.
    bench.rt[bench.socket].set_socket_option(SocketOption::KeepAliveCount(128)).unwrap();
    assert_eq!(bench.connect(false), Duration::ZERO);
    assert_eq!(bench.rt[bench.socket].error(), Some(SocketError::UnsupportedSocketOperation));
    assert_eq!(bench.network.tried.borrow().len(), 2);
}

#[test]
fn after_an_address_that_fails_the_next_is_tried_at_once() {
    for waits in [false, true] {
        let mut bench = bench(&[CLOSED, UNREACHABLE, OPEN]);
        assert_eq!(bench.connect(waits), Duration::ZERO);
        bench.reached(OPEN);
    }
}

#[test]
fn an_address_that_refuses_leaves_no_trace_on_the_connection_to_the_next() {
    let mut bench = bench(&[CLOSED, OPEN]);
    bench.connect(false);
    bench.reached(OPEN);
    let receive = &bench.rt[bench.socket].socket.receive;
    assert!(!receive.expects_end(), "each read would be followed by a needless one");
}

#[test]
fn the_limit_holds_when_the_last_address_fails_while_another_is_silent() {
    for waits in [false, true] {
        for last in [UNREACHABLE, CLOSED] {
            let mut bench = bench(&[SILENT, last]);
            assert_eq!(bench.connect(waits), Duration::from_secs(30), "{last}");
            assert_eq!(bench.rt[bench.socket].error(), Some(SocketError::SocketTimeout));
        }
    }
}

#[test]
fn without_a_race_the_addresses_share_the_time() {
    for waits in [false, true] {
        let mut bench = bench(&[SILENT, MUTE, OPEN]);
        bench.rt[bench.socket].set_happy_eyeballs(false);
        bench.rt[bench.socket].set_connect_timeout(Some(Duration::from_secs(9)));
        assert_eq!(bench.connect(waits), Duration::from_secs(6));
        bench.reached(OPEN);
    }
}

#[test]
fn an_attempt_fails_with_what_the_last_address_said() {
    let mut bench = bench(&[UNREACHABLE, CLOSED]);
    assert_eq!(bench.connect(false), Duration::ZERO);
    assert_eq!(bench.rt[bench.socket].state(), SocketState::Unconnected);
    assert_eq!(bench.rt[bench.socket].error(), Some(SocketError::ConnectionRefused));
}

#[test]
fn a_literal_is_connected_to_without_a_lookup() {
    for waits in [false, true] {
        // A lookup would find another address.
        let mut bench = bench(&[CLOSED]);
        bench.connect_to(&OPEN.to_string(), waits);
        bench.reached(OPEN);
        let tried = [SocketAddr::from((OPEN, bench.port))];
        assert_eq!(*bench.network.tried.borrow(), tried);
    }
}

#[test]
fn a_literal_is_looked_up_without_the_network() {
    let mut bench = bench(&[CLOSED]);
    let answers = Rc::new(RefCell::new(Vec::new()));
    let heard = answers.clone();
    bench.rt.look_up_host(&OPEN.to_string(), move |_, info| {
        heard.borrow_mut().extend_from_slice(info.addresses());
    });
    bench.rt.deliver();
    while bench.rt.process_events(Some(Duration::ZERO)).unwrap() {}
    assert_eq!(*answers.borrow(), [OPEN]);
}

#[test]
fn a_name_is_forgotten_when_none_of_its_addresses_connects() {
    for waits in [false, true] {
        for addresses in [&[UNREACHABLE, CLOSED][..], &[CLOSED, SILENT]] {
            let mut bench = bench(addresses);
            bench.connect(waits);
            assert_eq!(bench.rt[bench.socket].state(), SocketState::Unconnected);
            assert_eq!(*bench.network.forgotten.borrow(), ["name"], "{addresses:?}");
        }
    }
}

#[test]
fn a_name_is_forgotten_when_it_was_waited_for_in_vain() {
    let mut bench = bench(&[SILENT]);
    let (socket, port) = (bench.socket, bench.port);
    bench.rt[socket].connect_to_host("name", port);
    assert!(!bench.rt.wait_for_connected(socket, Some(HEAD_START)));
    assert_eq!(*bench.network.forgotten.borrow(), ["name"]);
}

#[test]
fn a_name_is_kept_if_it_was_not_tried_to_the_end() {
    let mut connected = bench(&[CLOSED, OPEN]);
    connected.connect(false);
    connected.reached(OPEN);
    assert_eq!(*connected.network.forgotten.borrow(), [""; 0]);

    let mut aborted = bench(&[CLOSED, SILENT]);
    let (socket, port) = (aborted.socket, aborted.port);
    aborted.rt[socket].connect_to_host("name", port);
    let is_connecting = |world: &World| world[socket].state() == SocketState::Connecting;
    assert!(aborted.rt.run_until(HEAD_START, is_connecting).unwrap());
    aborted.rt[socket].abort();
    aborted.rt.deliver();
    assert_eq!(*aborted.network.forgotten.borrow(), [""; 0]);

    // The name has no address of this family, so no address was tried.
    let mut other_family = bench(&[OPEN]);
    let (socket, port) = (other_family.socket, other_family.port);
    let (mode, family) = (OpenMode::READ_WRITE, NetworkLayerProtocol::Ipv6);
    other_family.rt[socket].connect_to_host_with("name", port, mode, family);
    let is_unconnected = |world: &World| world[socket].state() == SocketState::Unconnected;
    assert!(other_family.rt.run_until(HEAD_START, is_unconnected).unwrap());
    assert_eq!(other_family.rt[socket].error(), Some(SocketError::HostNotFound));
    assert_eq!(*other_family.network.forgotten.borrow(), [""; 0]);
}

/// Binds the socket to an address and to the listeners' port, and asserts that it connects to the
/// last of `addresses` from there.
#[track_caller]
fn assert_reaches_from(at: Ipv4Addr, addresses: &[Ipv4Addr]) {
    let mut bench = bench(addresses);
    let (socket, port) = (bench.socket, bench.port);
    bench.rt[socket].bind(at, port, BindMode::DEFAULT).unwrap();
    bench.connect(false);
    bench.reached(OPEN);
    assert_eq!(bench.rt[socket].local_port(), Some(port));
    assert_eq!(bench.rt[socket].local_address(), Some(at.into()));
}

#[test]
fn a_bound_socket_tries_all_addresses_from_its_port() {
    assert_reaches_from(HOME, &[UNREACHABLE, OPEN]);
    assert_reaches_from(HOME, &[CLOSED, OPEN]);
}

#[test]
fn a_bound_socket_that_reaches_itself_tries_the_other_addresses_from_its_port() {
    assert_reaches_from(HOME, &[HOME, OPEN]);
}

/// Its only engine is trying that address.
#[test]
fn a_bound_socket_stays_with_an_address_that_does_not_answer() {
    for (waits, races) in [(false, true), (false, false), (true, true), (true, false)] {
        let mut bench = bench(&[SILENT, OPEN]);
        let (socket, port) = (bench.socket, bench.port);
        bench.rt[socket].set_happy_eyeballs(races);
        bench.rt[socket].bind(HOME, port, BindMode::DEFAULT).unwrap();
        assert_eq!(bench.connect(waits), Duration::from_secs(30));
        assert_eq!(bench.rt[socket].error(), Some(SocketError::SocketTimeout));
        let opened = bench.network.tried.borrow().len();
        assert_eq!(opened, 1, "the one that was bound");
    }
}

#[test]
fn an_answer_to_an_earlier_attempt_is_not_taken_for_one_to_the_next() {
    let mut bench = bench(&[CLOSED]);
    let (socket, port) = (bench.socket, bench.port);
    // The lookup is answered already, and the loop has not delivered the answer.
    bench.rt[socket].connect_to_host("name", port);
    bench.rt[socket].abort();
    *bench.network.addresses.borrow_mut() = vec![(OPEN, 0).into()];
    bench.connect(false);
    bench.reached(OPEN);
    assert_eq!(*bench.network.tried.borrow(), [(OPEN, port).into()]);
}

#[test]
fn an_address_of_one_link_is_tried_by_that_link() {
    let on_link = |port| SocketAddrV6::new(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), port, 0, 1);
    let mut bench = bench_of(vec![on_link(0).into()]);
    bench.connect(false);
    assert_eq!(*bench.network.tried.borrow(), [on_link(bench.port).into()]);
}

#[test]
fn the_families_take_turns_beginning_with_the_first() {
    let v4 = |last| SocketAddr::from(([10, 0, 0, last], 1));
    let v6 = |last| SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, last], 1));
    let mixed = alternating(&[v6(1), v6(2), v6(3), v4(1), v4(2)].into());
    assert_eq!(mixed, [v6(1), v4(1), v6(2), v4(2), v6(3)]);
    assert_eq!(alternating(&[v4(1), v4(2), v6(1)].into()), [v4(1), v6(1), v4(2)]);
    assert_eq!(alternating(&[].into()), [0_u8; 0].map(|_| v4(0)));
}
