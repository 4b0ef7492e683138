//! Datagrams: where they come from, what they were sent to, and answers.

use slotwire::{BindAddress, NetworkDatagram};

use super::*;

/// A socket of an end that is bound to any port of an address.
fn bound(ends: &mut Ends, end: ends::End, to: impl Into<BindAddress>) -> (Obj<QUdpSocket>, u16) {
    let socket = ends[end].add(QUdpSocket::new());
    ends[end][socket].bind(to, 0, BindMode::DEFAULT).unwrap();
    let port = ends[end][socket].local_port().unwrap();
    (socket, port)
}

/// The datagram that a socket of an end gets next.
fn receive(ends: &mut Ends, end: ends::End, socket: Obj<QUdpSocket>) -> NetworkDatagram {
    ends.until(|ends| ends[end][socket].has_pending_datagrams());
    ends[end][socket].receive_datagram(None).unwrap().unwrap()
}

#[on_every_network]
fn a_datagram_says_its_link_and_is_answered_there(net: &Net) {
    net.between("datagrams::a_datagram_says_its_link_and_is_answered_there", |ends| {
        let own = [ends.own(Near, 0), ends.own(Far, 0)].map(BindAddress::from);
        for (near, far) in [(own[0], own[1]), (BindAddress::Any, BindAddress::Any)] {
            let (asking, from) = bound(ends, Near, near);
            let (asked, port) = bound(ends, Far, far);
            let to = ends.other(Near, port);
            ends[Near][asking].write_datagram(b"ping", to).unwrap();
            let datagram = receive(ends, Far, asked);
            assert_eq!(datagram.sender(), Some(ends.other(Far, from)));
            assert_eq!(datagram.destination(), Some(ends.own(Far, port)));
            assert_eq!(datagram.interface_index(), Some(ends.interface(Far).index()));

            let reply = datagram.make_reply("pong");
            assert_eq!(reply.destination(), Some(ends.other(Far, from)));
            assert_eq!(reply.sender(), Some(ends.own(Far, port)));
            ends[Far][asked].send_datagram(&reply).unwrap();
            let answer = receive(ends, Near, asking);
            assert_eq!((answer.data(), answer.sender()), (&b"pong"[..], Some(to)));
            assert_eq!(answer.destination(), Some(ends.own(Near, from)));
        }
    });
}

#[on_every_network]
fn an_answer_to_the_sender_goes_out_by_the_right_interface(net: &Net) {
    net.between("datagrams::an_answer_to_the_sender_goes_out_by_the_right_interface", |ends| {
        let (asking, from) = bound(ends, Near, BindAddress::AnyIpv6);
        let (asked, port) = bound(ends, Far, BindAddress::AnyIpv6);
        let to = ends.other(Near, port);
        ends[Near][asking].write_datagram(b"ping", to).unwrap();
        ends.until(|ends| ends[Far][asked].has_pending_datagrams());
        let mut buffer = [0; 16];
        let (count, sender) = ends[Far][asked].read_datagram(&mut buffer).unwrap();
        assert_eq!((&buffer[..count], sender), (&b"ping"[..], ends.other(Far, from)));
        ends[Far][asked].write_datagram(b"pong", sender).unwrap();
        assert_eq!(receive(ends, Near, asking).sender(), Some(to));
    });
}

#[on_every_network]
fn a_socket_of_datagrams_connects_to_a_link_local_address(net: &Net) {
    net.between("datagrams::a_socket_of_datagrams_connects_to_a_link_local_address", |ends| {
        let (asked, port) = bound(ends, Far, BindAddress::Any);
        let to = ends.other(Near, port);
        let socket = ends[Near].add(QUdpSocket::new());
        ends[Near][socket].connect_to_address(to, OpenMode::READ_WRITE);
        ends[Near][socket].write_all(b"ping").unwrap();
        let from = ends[Near][socket].local_port().unwrap();
        assert_eq!(ends[Near][socket].peer_addr(), Some(to));
        assert_eq!(ends[Near][socket].local_addr(), Some(ends.own(Near, from)));
        let datagram = receive(ends, Far, asked);
        assert_eq!(datagram.sender(), Some(ends.other(Far, from)));
        ends[Far][asked].send_datagram(&datagram.make_reply("pong")).unwrap();
        assert_eq!(receive(ends, Near, socket).data(), b"pong");
    });
}

#[on_every_network]
fn what_names_the_link_takes_the_place_of_the_scope(net: &Net) {
    net.between("datagrams::what_names_the_link_takes_the_place_of_the_scope", |ends| {
        let (asked, port) = bound(ends, Far, BindAddress::Any);
        let unscoped = SocketAddr::new(ends.own(Far, port).ip(), port);
        let own = ends.own(Near, 0);

        let (anywhere, _) = bound(ends, Near, BindAddress::Any);
        let mut datagram = NetworkDatagram::new("by its interface", unscoped);
        datagram.set_interface_index(Some(ends.interface(Near).index()));
        ends[Near][anywhere].send_datagram(&datagram).unwrap();
        assert_eq!(receive(ends, Far, asked).data(), b"by its interface");

        let mut datagram = NetworkDatagram::new("by its sender", unscoped);
        datagram.set_sender(Some(own));
        ends[Near][anywhere].send_datagram(&datagram).unwrap();
        assert_eq!(receive(ends, Far, asked).data(), b"by its sender");

        let (bound_there, _) = bound(ends, Near, own);
        ends[Near][bound_there].write_datagram(b"by the socket's address", unscoped).unwrap();
        assert_eq!(receive(ends, Far, asked).data(), b"by the socket's address");

        let connected = ends[Near].add(QUdpSocket::new());
        let to = ends.other(Near, port);
        ends[Near][connected].connect_to_address(to, OpenMode::READ_WRITE);
        ends[Near][connected].write_datagram(b"by the socket's peer", unscoped).unwrap();
        assert_eq!(receive(ends, Far, asked).data(), b"by the socket's peer");
    });
}

#[on_every_network]
fn two_who_name_different_links_do_not_agree(net: &Net) {
    net.between("datagrams::two_who_name_different_links_do_not_agree", |ends| {
        let (socket, _) = bound(ends, Near, BindAddress::Any);
        let lo = 1;
        let mut datagram = NetworkDatagram::new("where to?", ends.other(Near, 7));
        datagram.set_interface_index(Some(lo));
        let error = ends[Near][socket].send_datagram(&datagram).unwrap_err();
        assert_eq!((error.kind(), errno_of(&error)), (SocketError::Network, Some(Errno::INVAL)));
        let no_interface = 99;
        let mut datagram = NetworkDatagram::new("where to?", scoped("fe80::2", 7, 0));
        datagram.set_interface_index(Some(no_interface));
        let error = ends[Near][socket].send_datagram(&datagram).unwrap_err();
        assert_eq!(errno_of(&error), Some(Errno::NODEV));

        let mut datagram = NetworkDatagram::new("where from?", ends.other(Near, 7));
        datagram.set_sender(Some(scoped("fe80::1", 0, lo)));
        let error = ends[Near][socket].send_datagram(&datagram).unwrap_err();
        assert_eq!((error.kind(), errno_of(&error)), (SocketError::Network, Some(Errno::INVAL)));
    });
}

#[on_every_network]
fn what_a_host_sends_to_itself_comes_by_the_interface_of_its_address(net: &Net) {
    let test = "datagrams::what_a_host_sends_to_itself_comes_by_the_interface_of_its_address";
    net.between(test, |ends| {
        let (socket, port) = bound(ends, Far, BindAddress::Any);
        for (to, index) in [
            (ends.own(Far, port), ends.interface(Far).index()),
            ((Ipv6Addr::LOCALHOST, port).into(), 1),
        ] {
            ends[Far][socket].write_datagram(b"to myself", to).unwrap();
            let datagram = receive(ends, Far, socket);
            assert_eq!((datagram.sender(), datagram.destination()), (Some(to), Some(to)));
            assert_eq!(datagram.interface_index(), Some(index));
        }
    });
}
