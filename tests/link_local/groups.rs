//! Groups of one link.

use slotwire::BindAddress;

use super::*;

const GROUP: &str = "ff02::7:7";

/// The index of a host's interface to itself.
const LO: u32 = 1;

/// A socket of the far end that is a member of the group, and its port.
fn member(ends: &mut Ends, address: impl Into<BindAddress>) -> (Obj<QUdpSocket>, u16) {
    let socket = ends[Far].add(QUdpSocket::new());
    ends[Far][socket].bind(address, 0, BindMode::SHARE_ADDRESS).unwrap();
    let interface = ends.interface(Far);
    ends[Far][socket].join_multicast_group_on(GROUP.parse().unwrap(), &interface).unwrap();
    let port = ends[Far][socket].local_port().unwrap();
    (socket, port)
}

#[on_every_network]
fn a_group_is_joined_on_an_interface_and_answers_from_there(net: &Net) {
    net.between("groups::a_group_is_joined_on_an_interface_and_answers_from_there", |ends| {
        let (member, port) = member(ends, BindAddress::Any);
        let sender = ends[Near].add(QUdpSocket::new());
        let index = ends.interface(Near).index();
        ends[Near][sender].write_datagram(b"anybody?", scoped(GROUP, port, index)).unwrap();
        let from = ends[Near][sender].local_port().unwrap();
        ends.until(|ends| ends[Far][member].has_pending_datagrams());
        let datagram = ends[Far][member].receive_datagram(None).unwrap().unwrap();
        assert_eq!(datagram.sender(), Some(ends.other(Far, from)));
        let index = ends.interface(Far).index();
        assert_eq!(datagram.destination(), Some(scoped(GROUP, port, index)));

        let reply = datagram.make_reply("I");
        assert_eq!((reply.sender(), reply.destination()), (None, Some(ends.other(Far, from))));
        ends[Far][member].send_datagram(&reply).unwrap();
        ends.until(|ends| ends[Near][sender].has_pending_datagrams());
        let answer = ends[Near][sender].receive_datagram(None).unwrap().unwrap();
        assert_eq!(answer.sender(), Some(ends.other(Near, port)));
    });
}

#[on_every_network]
fn a_group_needs_no_scope_where_the_socket_has_an_interface_for_groups(net: &Net) {
    let test = "groups::a_group_needs_no_scope_where_the_socket_has_an_interface_for_groups";
    net.between(test, |ends| {
        let (member, port) = member(ends, BindAddress::AnyIpv6);
        let sender = ends[Near].add(QUdpSocket::new());
        ends[Near][sender].bind(BindAddress::AnyIpv6, 0, BindMode::DEFAULT).unwrap();
        let interface = ends.interface(Near);
        ends[Near][sender].set_multicast_interface(&interface).unwrap();
        let group = SocketAddr::new(GROUP.parse().unwrap(), port);
        ends[Near][sender].write_datagram(b"anybody?", group).unwrap();
        ends.until(|ends| ends[Far][member].has_pending_datagrams());

        let connected = ends[Near].add(QUdpSocket::new());
        ends[Near][connected].bind(BindAddress::AnyIpv6, 0, BindMode::DEFAULT).unwrap();
        ends[Near][connected].set_multicast_interface(&interface).unwrap();
        ends[Near][connected].connect_to_address(group, OpenMode::READ_WRITE);
        ends[Near][connected].write_all(b"anybody?").unwrap();
        assert_eq!(ends[Near][connected].peer_addr(), Some(scoped(GROUP, port, interface.index())));
    });
}

#[on_every_network]
fn a_socket_is_bound_to_a_group_of_a_link(net: &Net) {
    net.between("groups::a_socket_is_bound_to_a_group_of_a_link", |ends| {
        let group: Ipv6Addr = GROUP.parse().unwrap();
        let index = ends.interface(Far).index();
        let (member, port) = member(ends, (group, index));
        assert_eq!(ends[Far][member].local_addr(), Some(scoped(GROUP, port, index)));
        // Another has the same port at another interface, and shares it with nobody.
        let elsewhere = ends[Far].add(QUdpSocket::new());
        ends[Far][elsewhere].bind((group, LO), port, BindMode::DEFAULT).unwrap();
        let here = ends[Far].add(QUdpSocket::new());
        let taken = ends[Far][here].bind((group, index), port, BindMode::DEFAULT).unwrap_err();
        assert_eq!(taken.kind(), SocketError::AddressInUse);

        let sender = ends[Near].add(QUdpSocket::new());
        let near = ends.interface(Near).index();
        // Not what is sent to its address, but what is sent to the group.
        let to = ends.other(Near, port);
        ends[Near][sender].write_datagram(b"you", to).unwrap();
        ends[Near][sender].write_datagram(b"all", scoped(GROUP, port, near)).unwrap();
        ends.until(|ends| ends[Far][member].has_pending_datagrams());
        let datagram = ends[Far][member].receive_datagram(None).unwrap().unwrap();
        assert_eq!(datagram.data(), b"all");
        assert!(!ends[Far][elsewhere].has_pending_datagrams());
    });
}
