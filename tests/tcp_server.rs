//! TCP servers: accepting, holding back, and recovering.
//!
//! Descriptors are on the kernel's network alone.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{BindAddress, Incoming};
use socket2::{Domain, Socket, Type};

use support::*;

/// A server that listens, its port, and how often it announced a connection.
fn server(rt: &mut Runtime) -> (Obj<QTcpServer>, u16, Rc<Cell<usize>>) {
    let server = rt.add(QTcpServer::new());
    rt[server].listen(any_port()).unwrap();
    let announced = Rc::new(Cell::new(0));
    let count = announced.clone();
    rt.connect_fn(server, QTcpServer::new_connection, move |_, _| count.set(count.get() + 1));
    (server, rt[server].server_port().unwrap(), announced)
}

#[on_every_network]
fn a_connection_is_announced_and_taken_in_order(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, announced) = server(&mut rt);
    assert!(rt[server].next_pending_connection().is_none());
    let peers = net.dial_many(port, 3);
    wait_until(&mut rt, |_| announced.get() == 3);
    assert!(rt[server].has_pending_connections());
    for peer in &peers {
        let socket = rt[server].next_pending_connection().unwrap();
        assert_eq!(rt[socket].state(), SocketState::Connected);
        assert_eq!(rt[socket].peer_port(), Some(peer.port()));
        assert_eq!(rt[socket].peer_address(), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(rt[socket].local_port(), Some(port));
    }
    assert!(!rt[server].has_pending_connections());
}

#[on_every_network]
fn a_server_tells_that_it_listens_each_time_it_begins_to(net: &Net) {
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::new());
    let ports = Rc::new(RefCell::new(Vec::new()));
    let told = ports.clone();
    rt.connect_fn(server, QTcpServer::listening, move |world, _| {
        assert!(world[server].is_listening());
        told.borrow_mut().push(world[server].server_port().unwrap());
    });
    rt[server].listen((Ipv4Addr::new(192, 0, 2, 1), 0)).unwrap_err();
    settle(&mut rt);
    assert_eq!(ports.take(), []);
    for _ in 0..2 {
        rt[server].listen(any_port()).unwrap();
        assert_eq!(ports.borrow().len(), 0, "no slot runs before the call returns");
        rt.deliver();
        assert_eq!(ports.take(), [rt[server].server_port().unwrap()]);
        assert!(rt.wait_for_listening(server, None));
        rt[server].close();
    }
    assert!(!rt.wait_for_listening(server, None));
}

#[on_every_network]
fn what_comes_before_a_connection_is_taken_is_there_when_it_is(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, announced) = server(&mut rt);
    let mut peer = net.dial(port);
    peer.write_all(b"early").unwrap();
    drop(peer);
    wait_until(&mut rt, |_| announced.get() == 1);
    settle(&mut rt);
    let socket = rt[server].next_pending_connection().unwrap();
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
    assert_eq!(rt[socket].read_all(), b"early");
}

#[on_every_network]
fn a_server_for_all_addresses_shows_ipv4_peers_as_such(net: &Net) {
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::new());
    rt[server].listen((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
    let _peer = net.dial(rt[server].server_port().unwrap());
    wait_until(&mut rt, |world| world[server].has_pending_connections());
    let socket = rt[server].next_pending_connection().unwrap();
    assert_eq!(rt[socket].peer_address(), Some(Ipv4Addr::LOCALHOST.into()));
}

/// A server that listens at this port, and shares it with others of the same mode.
fn sharing(rt: &mut Runtime, port: u16, mode: BindMode) -> Result<Obj<QTcpServer>, NetError> {
    let server = rt.add(QTcpServer::new());
    rt[server].set_max_pending_connections(100);
    rt[server].set_bind_mode(mode);
    rt[server].listen((Ipv4Addr::LOCALHOST, port)).map(|()| server)
}

/// Takes all connections that wait, and returns their number.
fn taken(rt: &mut Runtime, server: Obj<QTcpServer>) -> usize {
    std::iter::from_fn(|| rt[server].next_pending_connection()).count()
}

#[on_every_network]
fn servers_that_share_their_port_share_its_connections(net: &Net) {
    let mut rt = net.runtime();
    let mode = BindMode::SHARE_ADDRESS | BindMode::REUSE_PORT;
    let one = sharing(&mut rt, 0, mode).unwrap();
    assert_eq!(rt[one].bind_mode(), mode);
    let port = rt[one].server_port().unwrap();
    let other = sharing(&mut rt, port, BindMode::REUSE_PORT).unwrap();
    let _peers = net.dial_many(port, 40);
    let mut counts = [0, 0];
    let waits = |world: &World, server: Obj<QTcpServer>| world[server].has_pending_connections();
    wait_until(&mut rt, |world| waits(world, one) && waits(world, other));
    for _ in 0..1000 {
        settle(&mut rt);
        counts[0] += taken(&mut rt, one);
        counts[1] += taken(&mut rt, other);
        if counts[0] + counts[1] == 40 {
            break;
        }
    }
    assert_eq!(counts[0] + counts[1], 40, "{counts:?}");
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");

    rt[one].close();
    let _peers = net.dial_many(port, 10);
    wait_until(&mut rt, |world| world[other].has_pending_connections());
    assert!(!rt[one].is_listening());
}

#[on_every_network]
fn servers_share_a_port_only_if_all_of_them_ask_for_it(net: &Net) {
    let mut rt = net.runtime();
    let (share, reuse) = (BindMode::SHARE_ADDRESS, BindMode::REUSE_PORT);
    let unset = rt.add(QTcpServer::new());
    assert_eq!(rt[unset].bind_mode(), share);
    let modes = [BindMode::DEFAULT, share, reuse, share | reuse];
    for (first, second) in modes.iter().flat_map(|one| modes.map(|other| (*one, other))) {
        let one = sharing(&mut rt, 0, first).unwrap();
        let port = rt[one].server_port().unwrap();
        let other = sharing(&mut rt, port, second).map_err(|error| error.kind());
        let both_ask = (first & second).contains(reuse);
        assert_eq!(other.is_ok(), both_ask, "{first:?} and {second:?}");
        assert!(both_ask || other == Err(SocketError::AddressInUse), "{other:?}");
        let _ = other.map(|other| rt.destroy(other));
        rt.destroy(one);
    }
}

/// A descriptor is taken over by the same rule.
#[on_every_network]
fn a_server_says_why_it_cannot_listen_now(net: &Net) {
    let early = QTcpServer::new().listen(any_port()).unwrap_err();
    let message = "cannot listen on 127.0.0.1:0 before the server is in a runtime";
    assert!(early.to_string().starts_with(message), "{early}");
    let mut rt = net.runtime();
    let (server, ..) = server(&mut rt);
    let twice = rt[server].listen(any_port()).unwrap_err();
    let message = "cannot listen on 127.0.0.1:0 while the server listens";
    assert!(twice.to_string().starts_with(message), "{twice}");

    let listener = || OwnedFd::from(std_listener().0);
    let early = QTcpServer::new().set_socket_descriptor(listener()).unwrap_err();
    let message = "cannot listen by a descriptor before the server is in a runtime";
    assert!(early.to_string().starts_with(message), "{early}");
    let twice = rt[server].set_socket_descriptor(listener()).unwrap_err();
    let message = "cannot listen by a descriptor while the server listens";
    assert!(twice.to_string().starts_with(message), "{twice}");
    for error in [early, twice] {
        assert_eq!(error.kind(), SocketError::Operation);
    }
}

#[on_every_network]
fn no_more_connections_wait_than_are_wanted(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, announced) = server(&mut rt);
    rt[server].set_max_pending_connections(2);
    let _peers = net.dial_many(port, 5);
    wait_until(&mut rt, |_| announced.get() == 2);
    settle(&mut rt);
    assert_eq!(announced.get(), 2);
    for taken in 1..=3 {
        rt[server].next_pending_connection().unwrap();
        wait_until(&mut rt, |_| announced.get() == 2 + taken);
        settle(&mut rt);
        assert_eq!(announced.get(), 2 + taken);
    }
}

#[on_every_network]
fn connections_that_are_destroyed_before_they_are_taken_leave_their_places(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, announced) = server(&mut rt);
    rt[server].set_max_pending_connections(2);
    let _early = net.dial_many(port, 2);
    wait_until(&mut rt, |_| announced.get() == 2);
    for socket in rt.find_children::<QTcpSocket>(server, None) {
        rt.destroy(socket);
    }
    let late = net.dial(port);
    wait_until(&mut rt, |_| announced.get() == 3);
    let socket = rt[server].next_pending_connection().unwrap();
    assert_eq!(rt[socket].peer_port(), Some(late.port()));
    assert!(!rt[server].has_pending_connections());
}

#[on_every_network]
fn a_higher_limit_lets_more_connections_in(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, announced) = server(&mut rt);
    rt[server].set_max_pending_connections(0);
    let _peers = net.dial_many(port, 5);
    settle(&mut rt);
    assert_eq!(announced.get(), 0);
    rt[server].set_max_pending_connections(10);
    wait_until(&mut rt, |_| announced.get() == 5);
}

#[on_every_network]
fn a_paused_server_accepts_nothing_until_it_is_resumed(net: &Net) {
    let mut rt = net.runtime();
    let unborn = rt.add(QTcpServer::new());
    rt[unborn].pause_accepting();
    rt[unborn].resume_accepting();
    let (server, port, announced) = server(&mut rt);
    rt[server].pause_accepting();
    let _peers = net.dial_many(port, 3);
    settle(&mut rt);
    assert_eq!(announced.get(), 0);
    rt[server].resume_accepting();
    wait_until(&mut rt, |_| announced.get() == 3);
}

#[on_every_network]
fn a_server_that_listens_anew_is_not_paused_any_more(net: &Net) {
    let mut rt = net.runtime();
    let (server, _, announced) = server(&mut rt);
    rt[server].pause_accepting();
    rt[server].close();
    rt[server].listen(any_port()).unwrap();
    let _peer = net.dial(rt[server].server_port().unwrap());
    wait_until(&mut rt, |_| announced.get() == 1);
}

#[on_every_network]
fn what_is_set_before_a_server_listens_holds_when_it_does(net: &Net) {
    let mut rt = net.runtime();
    let mut unborn = QTcpServer::new();
    unborn.pause_accepting();
    unborn.set_max_pending_connections(2);
    let server = rt.add(unborn);
    let announced = rt.spy(server, QTcpServer::new_connection);
    rt[server].listen(any_port()).unwrap();
    let _peers = net.dial_many(rt[server].server_port().unwrap(), 3);
    settle(&mut rt);
    assert_eq!(announced.len(), 0);
    rt[server].resume_accepting();
    wait_until(&mut rt, |_| announced.len() == 2);
    settle(&mut rt);
    assert_eq!(announced.len(), 2);
}

#[on_every_network]
fn more_connections_than_one_turn_takes_are_all_accepted(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, announced) = server(&mut rt);
    rt[server].set_max_pending_connections(1000);
    // No connection has to be asked for twice.
    rt[server].close();
    rt[server].set_listen_backlog_size(200);
    rt[server].listen((Ipv4Addr::LOCALHOST, port)).unwrap();
    let _peers = net.dial_many(port, 200);
    wait_until(&mut rt, |_| announced.get() == 200);
}

#[on_every_network]
fn closing_destroys_what_was_not_taken_and_leaves_what_was(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, announced) = server(&mut rt);
    let (mut taken_peer, mut untaken_peer) = (net.dial(port), net.dial(port));
    wait_until(&mut rt, |_| announced.get() == 2);
    let taken = rt[server].next_pending_connection().unwrap();
    let objects = rt.len();
    rt[server].close();
    rt.deliver();
    assert_eq!(rt.len(), objects - 1);
    assert!(!rt[server].is_listening() && !rt[server].has_pending_connections());
    assert_eq!((rt[server].server_port(), rt[server].server_address()), (None, None));
    assert_eq!(untaken_peer.read(&mut [0]).unwrap(), 0);
    assert!(net.try_dial(port).is_err());
    rt[taken].write_all(b"still here").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut taken_peer, 10), b"still here");
    rt[server].listen((Ipv4Addr::LOCALHOST, port)).unwrap();
    let _peer = net.dial(port);
    wait_until(&mut rt, |_| announced.get() == 3);
}

#[on_every_network]
fn a_server_may_be_closed_or_destroyed_in_its_slot(net: &Net) {
    for destroys in [false, true] {
        let mut rt = net.runtime();
        let (server, port, announced) = server(&mut rt);
        rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
            if destroys {
                world.destroy(server);
            } else {
                world[server].close();
            }
        });
        let _peers = net.dial_many(port, 5);
        wait_until(&mut rt, |_| announced.get() > 0);
        settle(&mut rt);
        assert_eq!(announced.get(), 1);
        assert_eq!(rt.len(), usize::from(!destroys));
    }
}

#[on_every_network]
fn listening_fails_at_once_and_says_why(net: &Net) {
    let mut rt = net.runtime();
    let mut unborn = QTcpServer::new();
    assert_eq!(unborn.listen(any_port()).unwrap_err().kind(), SocketError::Operation);

    let (first, port, _) = server(&mut rt);
    let twice = rt[first].listen(any_port()).unwrap_err();
    assert_eq!(twice.kind(), SocketError::Operation);
    assert!(rt[first].is_listening());

    let second = rt.add(QTcpServer::new());
    let in_use = rt[second].listen((Ipv4Addr::LOCALHOST, port)).unwrap_err();
    assert_eq!(in_use.kind(), SocketError::AddressInUse);
    let system = in_use.os_error().unwrap();
    assert_eq!(in_use.to_string(), format!("cannot listen on 127.0.0.1:{port}: {system}"));
    assert!(std::error::Error::source(&in_use).is_none(), "the text has the reason already");
    assert_eq!(rt[second].error_string(), system.to_string());
    assert!(!rt[second].is_listening());
    assert_eq!(rt[second].server_port(), None);

    let foreign = rt[second].listen(([192, 0, 2, 1], 0)).unwrap_err();
    assert_eq!(foreign.kind(), SocketError::SocketAddressNotAvailable);
    rt[second].listen(any_port()).unwrap();
}

#[on_every_network]
fn a_server_tells_what_it_listens_on(net: &Net) {
    let mut rt = net.runtime();
    let [four, six]: [(IpAddr, IpAddr); 2] = [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()),
    ];
    for (asked, ip) in [
        (BindAddress::Any, six.0),
        (BindAddress::AnyIpv6, six.0),
        (BindAddress::AnyIpv4, four.0),
        (six.1.into(), six.1),
        (four.1.into(), four.1),
    ] {
        let server = rt.add(QTcpServer::new());
        rt[server].listen_on(asked, 0).unwrap();
        assert_eq!(rt[server].server_address(), Some(asked));
        let port = rt[server].server_port().unwrap();
        assert_eq!(rt[server].server_addr(), Some((ip, port).into()));
        rt[server].close();
        assert_eq!((rt[server].server_address(), rt[server].server_addr()), (None, None));
    }
}

#[on_every_network]
fn the_address_of_both_families_in_one_is_listened_on_by_its_own_family(net: &Net) {
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::new());
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
    rt[server].listen((mapped, 0)).unwrap();
    assert_eq!(rt[server].server_address(), Some(Ipv4Addr::LOCALHOST.into()));
    assert_eq!(rt[server].server_addr().map(|address| address.is_ipv4()), Some(true));
    let port = rt[server].server_port().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_address((mapped, port).into(), OpenMode::READ_WRITE);
    wait_until(&mut rt, |world| world[server].has_pending_connections());
    let expected = Some((Ipv4Addr::LOCALHOST, port).into());
    assert_eq!(rt[socket].peer_addr(), expected);
    assert_eq!(rt[socket].peer_name(), "127.0.0.1");
}

#[on_every_network]
fn a_server_that_ran_out_of_descriptors_recovers_by_itself(net: &Net) {
    net.in_own_process("a_server_that_ran_out_of_descriptors_recovers_by_itself", || {
        let (mut rt, _) = net.timed_runtime();
        let (server, port, announced) = server(&mut rt);
        let errors = rt.spy(server, QTcpServer::accept_error);
        let _peers = net.dial_many(port, 5);
        for room in 0..3 {
            net.leave_room_for_descriptors(room.min(1));
            settle_for(&mut rt, Duration::from_secs(10));
            let heard = errors.take();
            assert!(heard.iter().all(|&error| error == SocketError::SocketResource));
            assert!((2..=20).contains(&heard.len()), "{} errors in 10 s", heard.len());
        }
        assert_eq!(announced.get(), 2);
        net.leave_room_for_many_descriptors();
        assert!(rt.run_until(Duration::from_secs(2), |_| announced.get() == 5).unwrap());
        settle(&mut rt);
        assert_eq!(rt.next_deadline(), None);
    });
}

#[on_every_network]
fn a_server_that_was_paused_when_it_was_to_try_again_does_so_when_it_is_resumed(net: &Net) {
    let test = "a_server_that_was_paused_when_it_was_to_try_again_does_so_when_it_is_resumed";
    net.in_own_process(test, || {
        let (mut rt, _) = net.timed_runtime();
        let (server, port, announced) = server(&mut rt);
        let _peer = net.dial(port);
        net.leave_room_for_descriptors(0);
        turn(&mut rt);
        net.leave_room_for_many_descriptors();
        rt[server].pause_accepting();
        settle_for(&mut rt, Duration::from_secs(10));
        assert_eq!(announced.get(), 0);
        rt[server].resume_accepting();
        settle_for(&mut rt, Duration::from_secs(10));
        assert_eq!(announced.get(), 1);
    });
}

/// Runs the loop for `time` of its clock.
fn settle_for(rt: &mut Runtime, time: Duration) {
    assert!(!rt.run_until(time, |_| false).unwrap());
}

#[on_every_network]
fn a_server_that_is_dropped_frees_its_port(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, _) = server(&mut rt);
    rt.destroy(server);
    net.listen_at((Ipv4Addr::LOCALHOST, port)).unwrap();
}

#[on_every_network]
fn each_connection_is_announced_twice_over(net: &Net) {
    let mut rt = net.runtime();
    let (server, port, _) = server(&mut rt);
    let order = Journal::new();
    let [first, second] = [order.clone(), order.clone()];
    rt.connect_fn(server, QTcpServer::pending_connection_available, move |_, _| {
        first.note("pending_connection_available");
    });
    rt.connect_fn(server, QTcpServer::new_connection, move |_, _| second.note("new_connection"));
    let _peers = net.dial_many(port, 2);
    wait_until(&mut rt, |_| order.len() == 4);
    let each = ["pending_connection_available", "new_connection"];
    assert_eq!(order.take(), [each, each].concat());
}

#[on_every_network]
fn the_backlog_can_be_set_before_listening(net: &Net) {
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::new());
    assert_eq!(rt[server].listen_backlog_size(), 50);
    rt[server].set_listen_backlog_size(u32::MAX);
    assert_eq!(rt[server].listen_backlog_size(), u32::MAX);
    rt[server].listen(any_port()).unwrap();
    let _peer = net.dial(rt[server].server_port().unwrap());
    wait_until(&mut rt, |world| world[server].has_pending_connections());
}

#[test]
fn a_server_takes_over_a_descriptor_that_listens() {
    let net = Net::native();
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::new());
    let (listener, port) = std_listener();
    let number = listener.as_raw_fd();
    rt[server].set_socket_descriptor(listener.into()).unwrap();
    assert!(rt[server].is_listening());
    assert_eq!(rt[server].server_port(), Some(port));
    assert_eq!(rt[server].socket_descriptor().map(|fd| fd.as_raw_fd()), Some(number));
    let _peer = net.dial(port);
    wait_until(&mut rt, |world| world[server].has_pending_connections());
    let again = rt[server].set_socket_descriptor(std_listener().0.into()).unwrap_err();
    assert_eq!(again.kind(), SocketError::Operation);
    rt[server].close();
    assert!(rt[server].socket_descriptor().is_none());
}

#[test]
fn a_descriptor_that_listens_tells_both_families_from_one() {
    let mut rt = Runtime::new().unwrap();
    for (domain, any, only_v6, expected) in [
        (Domain::IPV6, (Ipv6Addr::UNSPECIFIED, 0).into(), Some(false), BindAddress::Any),
        (Domain::IPV6, (Ipv6Addr::UNSPECIFIED, 0).into(), Some(true), BindAddress::AnyIpv6),
        (Domain::IPV4, (Ipv4Addr::UNSPECIFIED, 0).into(), None, BindAddress::AnyIpv4),
    ] {
        let any: SocketAddr = any;
        let listener = Socket::new(domain, Type::STREAM, None).unwrap();
        if let Some(only_v6) = only_v6 {
            listener.set_only_v6(only_v6).unwrap();
        }
        listener.bind(&any.into()).unwrap();
        listener.listen(1).unwrap();
        let server = rt.add(QTcpServer::new());
        rt[server].set_socket_descriptor(listener.into()).unwrap();
        assert_eq!(rt[server].server_address(), Some(expected));
    }
}

#[test]
fn a_server_refuses_a_descriptor_that_does_not_listen() {
    let mut rt = Runtime::new().unwrap();
    let server = rt.add(QTcpServer::new());
    let errors = rt.spy(server, QTcpServer::accept_error);
    let (listener, _) = std_listener();
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bound.bind(&any_port().into()).unwrap();
    let path = std::env::temp_dir().join(format!("slotwire-{}", std::process::id()));
    let local = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let descriptors: [OwnedFd; 5] = [
        local.into(),
        std::net::UdpSocket::bind(any_port()).unwrap().into(),
        std::fs::File::open("/dev/null").unwrap().into(),
        TcpStream::connect(listener.local_addr().unwrap()).unwrap().into(),
        bound.into(),
    ];
    for descriptor in descriptors {
        let refused = rt[server].set_socket_descriptor(descriptor).unwrap_err();
        assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
        let reason = rt[server].error_string();
        assert_eq!(refused.to_string(), format!("cannot listen by a descriptor: {reason}"));
        assert_eq!(rt[server].server_error(), Some(SocketError::UnsupportedSocketOperation));
        assert!(!rt[server].is_listening());
    }
    settle(&mut rt);
    assert_eq!(errors.take(), []);
    drop(listener);
}

/// How many numbers are told in one go, which is more than two passes leave room for.
const MANY: u32 = 60_000;

/// Tells numbers for each connection, and thereby keeps the slots after it waiting.
#[derive(QObject, Default)]
struct Announcer {
    told: u32,
    #[signal]
    tells: Signal<u32>,
}

#[slots]
impl Announcer {
    #[slot]
    fn tell_many(&mut self) {
        (self.told..self.told + MANY).for_each(|number| self.tells.emit(number));
        self.told += MANY;
    }
}

#[on_every_network]
fn a_connection_is_announced_when_all_was_done_for_the_one_before(net: &Net) {
    let (mut rt, _) = net.timed_runtime();
    let (server, port, _) = server(&mut rt);
    let announcer = rt.add(Announcer::default());
    rt.connect(server, QTcpServer::new_connection, announcer, Announcer::tell_many);
    let heard = rt.spy(announcer, Announcer::tells);
    let _peers = net.dial_many(port, 3);
    while heard.len() < 3 * MANY as usize {
        turn(&mut rt);
    }
    assert!(heard.take().into_iter().eq(0..3 * MANY));
}

/// Has every connection wait to be taken.
#[derive(QObject)]
struct Usher {
    #[qobject(base)]
    server: QTcpServer,
}

impl Usher {
    fn new() -> Self {
        Self { server: QTcpServer::with_incoming(Self::lead_in) }
    }

    fn lead_in(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let socket = cx.add_child(incoming.into_socket());
        self.server.add_pending_connection(socket);
    }
}

#[on_every_network]
fn what_comes_on_a_connection_is_told_after_all_slots_have_heard_of_the_connection(net: &Net) {
    for has_own_class in [false, true] {
        let (mut rt, _) = net.timed_runtime();
        let server: Obj<QTcpServer> = match has_own_class {
            false => rt.add(QTcpServer::new()),
            true => rt.add(Usher::new()).upcast(),
        };
        rt[server].listen(any_port()).unwrap();
        let port = rt[server].server_port().unwrap();
        let announcer = rt.add(Announcer::default());
        rt.connect(server, QTcpServer::new_connection, announcer, Announcer::tell_many);
        rt.connect_fn(announcer, Announcer::tells, |_, _| ());
        let came = Rc::new(Cell::new(0));
        let count = came.clone();
        rt.connect_fn(server, QTcpServer::new_connection, move |world, ()| {
            let socket = world[server].next_pending_connection().unwrap();
            let count = count.clone();
            world.connect_fn(socket, QTcpSocket::ready_read, move |world, ()| {
                count.set(count.get() + world[socket].read_all().len());
            });
        });
        let mut peer = net.dial(port);
        peer.write_all(b"hello").unwrap();
        wait_until(&mut rt, |_| came.get() == 5);
    }
}

/// Decides by the number of each connection what becomes of it.
#[derive(QObject)]
struct Porter {
    #[qobject(base)]
    server: QTcpServer,
    came: usize,
    handed_on: Vec<Result<OwnedFd, Incoming>>,
}

impl Porter {
    fn new() -> Self {
        let server = QTcpServer::with_incoming(Self::incoming_connection);
        Self { server, came: 0, handed_on: Vec::new() }
    }

    fn incoming_connection(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        self.came += 1;
        match self.came {
            1 => drop(incoming),
            2 => {
                let socket = cx.add_child(incoming.into_socket());
                self.server.add_pending_connection(socket);
            }
            _ => self.handed_on.push(incoming.into_descriptor()),
        }
    }
}

#[derive(QObject)]
struct Doorman {
    #[qobject(base)]
    server: QTcpServer,
    callers: Vec<SocketAddr>,
}

impl Doorman {
    fn new() -> Self {
        Self { server: QTcpServer::with_incoming(Self::note), callers: Vec::new() }
    }

    fn note(&mut self, _: &mut Context<Self>, incoming: Incoming) {
        self.callers.push(incoming.peer_addr().expect("it has an IP address"));
    }
}

#[on_every_network]
fn a_class_of_ones_own_is_told_ipv4_peers_as_such(net: &Net) {
    let mut rt = net.runtime();
    let doorman = rt.add(Doorman::new());
    rt[doorman].server.listen_on(BindAddress::Any, 0).unwrap();
    let peer = net.dial(rt[doorman].server.server_port().unwrap());
    wait_until(&mut rt, |world| !world[doorman].callers.is_empty());
    assert_eq!(rt[doorman].callers, [(Ipv4Addr::LOCALHOST, peer.port()).into()]);
}

#[on_every_network]
fn a_class_of_ones_own_decides_what_becomes_of_a_connection(net: &Net) {
    let mut rt = net.runtime();
    let porter = rt.add(Porter::new());
    rt[porter].server.listen(any_port()).unwrap();
    let port = rt[porter].server.server_port().unwrap();
    let announced = Rc::new(Cell::new(0));
    let count = announced.clone();
    rt.connect_fn(porter.upcast(), QTcpServer::new_connection, move |_, _| {
        count.set(count.get() + 1)
    });
    let mut peers = net.dial_many(port, 3);
    wait_until(&mut rt, |world| world[porter].came == 3);
    settle(&mut rt);
    assert_eq!(announced.get(), 3, "whatever becomes of it");

    assert_eq!(peers[0].read(&mut [0]).unwrap(), 0, "dropped, it closes");

    let taken = rt[porter].server.next_pending_connection().unwrap();
    assert!(rt[porter].server.next_pending_connection().is_none());
    rt[taken].write_all(b"taken").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peers[1], 5), b"taken");

    match rt[porter].handed_on.pop().unwrap() {
        Ok(descriptor) => {
            assert!(net.has_descriptors());
            let elsewhere = std::thread::spawn(|| {
                let mut rt = Runtime::new().unwrap();
                let socket = rt.add(QTcpSocket::new());
                let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
                rt[socket].set_socket_descriptor(descriptor, state, mode).unwrap();
                say_elsewhere(&mut rt, socket)
            });
            assert!(elsewhere.join().unwrap());
        }
        Err(incoming) => {
            assert!(!net.has_descriptors());
            let socket = rt.add(incoming.into_socket());
            assert!(say_elsewhere(&mut rt, socket));
        }
    }
    let mut said = String::new();
    peers[2].read_to_string(&mut said).unwrap();
    assert_eq!(said, "elsewhere");
}

fn say_elsewhere(rt: &mut Runtime, socket: Obj<QTcpSocket>) -> bool {
    rt[socket].write_all(b"elsewhere").unwrap();
    rt[socket].disconnect_from_host();
    rt.wait_for_disconnected(socket, Some(DEADLINE))
}

#[test]
#[should_panic = "with a method of SlowServer, but the server is in a QTcpServer"]
fn a_server_with_a_method_of_a_class_cannot_be_added_without_that_class() {
    let mut rt = Runtime::new().unwrap();
    rt.add(QTcpServer::with_incoming(SlowServer::incoming));
}

#[test]
#[should_panic = "with a method of SlowServer, but the server is in a Mistaken"]
fn a_server_with_a_method_of_a_class_cannot_be_added_in_another_class() {
    #[derive(QObject)]
    struct Mistaken {
        #[qobject(base)]
        server: QTcpServer,
    }

    let mut rt = Runtime::new().unwrap();
    rt.add(Mistaken { server: QTcpServer::with_incoming(SlowServer::incoming) });
}

#[on_every_network]
fn a_server_alone_may_have_a_function_for_its_connections(net: &Net) {
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::with_incoming(|server: &mut QTcpServer, cx, incoming| {
        let socket = cx.add_child(incoming.into_socket());
        server.add_pending_connection(socket);
    }));
    rt[server].listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let _peer = net.dial(rt[server].server_port().unwrap());
    wait_until(&mut rt, |world| world[server].has_pending_connections());
}

/// Accepts a connection by a class that keeps it back for an hour.
#[derive(QObject)]
struct SlowServer {
    #[qobject(base)]
    server: QTcpServer,
    delay: Duration,
    kept: u32,
}

impl SlowServer {
    fn new(delay: Duration) -> Self {
        Self { server: QTcpServer::with_incoming(Self::incoming), delay, kept: 0 }
    }

    fn incoming(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        self.kept += 1;
        cx.single_shot_fn(self.delay, move |world| {
            world.add(incoming.into_socket());
        });
    }
}

#[test]
fn a_connection_that_a_call_to_come_has_captured_is_closed_when_the_runtime_goes() {
    let mut rt = Runtime::new().unwrap();
    let server = rt.add(SlowServer::new(Duration::from_secs(3600)));
    rt[server].server.listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = rt[server].server.server_port().unwrap();
    let mut peer = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    wait_until(&mut rt, |world| world[server].kept == 1);
    drop(rt);
    peer.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    assert_eq!(peer.read(&mut [0]).unwrap_or(99), 0, "the end of the connection");
}

#[test]
fn what_calls_to_come_have_captured_goes_with_the_runtime_whoever_keeps_a_connection() {
    thread_local!(static KEPT: RefCell<Option<Incoming>> = const { RefCell::new(None) });
    #[derive(QObject)]
    struct Keeper {
        #[qobject(base)]
        server: QTcpServer,
    }
    impl Keeper {
        fn incoming(&mut self, _: &mut Context<Self>, incoming: Incoming) {
            KEPT.set(Some(incoming));
        }
    }
    let mut rt = Runtime::new().unwrap();
    let server = rt.add(Keeper { server: QTcpServer::with_incoming(Keeper::incoming) });
    rt[server].server.listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = rt[server].server.server_port().unwrap();
    let _peer = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    wait_until(&mut rt, |_| KEPT.with_borrow(Option::is_some));
    let token = Rc::new(());
    let captured = token.clone();
    let call = rt.single_shot_fn(Duration::from_secs(3600), move |_| drop(captured));
    drop(rt);
    assert!(!call.is_active());
    assert_eq!(Rc::strong_count(&token), 1);
}

#[test]
fn a_slot_of_new_connection_that_panics_costs_no_other_connection_its_announcement() {
    let mut rt = Runtime::new().unwrap();
    let server = rt.add(QTcpServer::new());
    rt[server].listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = rt[server].server_port().unwrap();
    let _peers: Vec<_> =
        (0..3).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
    let announced = Rc::new(RefCell::new(0));
    let count = announced.clone();
    rt.connect_fn(server, QTcpServer::new_connection, move |_, _| *count.borrow_mut() += 1);
    let first = rt.connect_fn(server, QTcpServer::new_connection, |_, _| panic_on_purpose());
    panic_of(|| rt.run_until(Duration::from_secs(2), |_| false));
    drop(first);
    let all = rt.run_until(Duration::from_secs(2), |_| *announced.borrow() == 3);
    assert!(all.unwrap(), "{} were announced", announced.borrow());
}
