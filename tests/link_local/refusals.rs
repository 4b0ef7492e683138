//! What is refused: no scope, and a scope that leads elsewhere.

use slotwire::{BindAddress, NetworkDatagram};

use super::*;

/// No host has so many interfaces.
const NO_INTERFACE: u32 = 99;

/// The index of a host's interface to itself.
const LO: u32 = 1;

fn link_local(ends: &Ends) -> Ipv6Addr {
    match ends.own(Near, 0).ip() {
        IpAddr::V6(ip) => ip,
        IpAddr::V4(ip) => panic!("{ip} is no IPv6 address"),
    }
}

#[on_every_network]
fn binding_needs_the_scope_of_the_address(net: &Net) {
    net.between("refusals::binding_needs_the_scope_of_the_address", |ends| {
        let own = link_local(ends);
        for (address, kind, errno) in [
            (own.into(), SocketError::UnsupportedSocketOperation, Errno::INVAL),
            ((own, LO).into(), SocketError::SocketAddressNotAvailable, Errno::ADDRNOTAVAIL),
            ((own, NO_INTERFACE).into(), SocketError::Unknown, Errno::NODEV),
        ] {
            let address: BindAddress = address;
            let tcp = ends[Near].add(QTcpSocket::new());
            let udp = ends[Near].add(QUdpSocket::new());
            let server = ends[Near].add(QTcpServer::new());
            for refused in [
                ends[Near][tcp].bind(address, 0, BindMode::DEFAULT).unwrap_err(),
                ends[Near][udp].bind(address, 0, BindMode::DEFAULT).unwrap_err(),
                ends[Near][server].listen_on(address, 0).unwrap_err(),
            ] {
                assert_eq!((refused.kind(), errno_of(&refused)), (kind, Some(errno)), "{refused}");
                let says_so = refused.to_string().contains("without a scope id");
                assert_eq!(says_so, errno == Errno::INVAL, "{refused}");
            }
        }
        let error = {
            let server = ends[Near].add(QTcpServer::new());
            ends[Near][server].listen((own, 0)).unwrap_err()
        };
        assert_eq!(
            error.to_string(),
            format!(
                "cannot listen on the link-local address [fe80::1]:0 without a scope id (an \
                 interface's index): {}",
                std::io::Error::from(Errno::INVAL)
            )
        );
    });
}

#[on_every_network]
fn connecting_needs_the_scope_of_the_address(net: &Net) {
    net.between("refusals::connecting_needs_the_scope_of_the_address", |ends| {
        fn refusal<S: QAbstractSocket>(
            ends: &mut Ends,
            socket: Obj<S>,
            scope_id: u32,
        ) -> (SocketError, String) {
            let to = scoped("fe80::2", 7, scope_id);
            ends[Near][socket].connect_to_address(to, OpenMode::READ_WRITE);
            ends.until(|ends| ends[Near][socket].error().is_some());
            (ends[Near][socket].error().unwrap(), ends[Near][socket].error_string())
        }
        let unreachable = std::io::Error::from(Errno::NETUNREACH).to_string();
        let unscoped = format!(
            "cannot connect to the link-local address [fe80::2]:7 without a scope id (an \
             interface's index): {}",
            std::io::Error::from(Errno::INVAL)
        );
        for (scope_id, reason) in [(0, &unscoped), (LO, &unreachable), (NO_INTERFACE, &unreachable)]
        {
            let expected = (SocketError::Network, reason.clone());
            let tcp = ends[Near].add(QTcpSocket::new());
            assert_eq!(refusal(ends, tcp, scope_id), expected);
            let udp = ends[Near].add(QUdpSocket::new());
            assert_eq!(refusal(ends, udp, scope_id), expected);
        }
    });
}

#[on_every_network]
fn a_socket_that_is_bound_to_one_link_connects_to_no_other(net: &Net) {
    net.between("refusals::a_socket_that_is_bound_to_one_link_connects_to_no_other", |ends| {
        let socket = ends[Near].add(QTcpSocket::new());
        let own = ends.own(Near, 0);
        ends[Near][socket].bind(own, 0, BindMode::DEFAULT).unwrap();
        ends[Near][socket].connect_to_address(scoped("fe80::2", 7, LO), OpenMode::READ_WRITE);
        ends.until(|ends| ends[Near][socket].error().is_some());
        let system = ends[Near][socket].os_error().and_then(Errno::from_io_error);
        assert_eq!(system, Some(Errno::INVAL));

        let socket = ends[Near].add(QTcpSocket::new());
        ends[Near][socket].bind(own, 0, BindMode::DEFAULT).unwrap();
        ends[Near][socket].connect_to_address(scoped("::1", 7, 0), OpenMode::READ_WRITE);
        ends.until(|ends| ends[Near][socket].error().is_some());
        let system = ends[Near][socket].os_error().and_then(Errno::from_io_error);
        assert_eq!(system, Some(Errno::NETUNREACH));
    });
}

#[on_every_network]
fn a_datagram_needs_the_scope_of_its_destination(net: &Net) {
    net.between("refusals::a_datagram_needs_the_scope_of_its_destination", |ends| {
        let socket = ends[Near].add(QUdpSocket::new());
        ends[Near][socket].bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap();
        let errors = ends[Near].spy(socket, QUdpSocket::error_occurred);
        let error = ends[Near][socket].write_datagram(b"?", scoped("fe80::2", 7, 0)).unwrap_err();
        assert_eq!((error.kind(), errno_of(&error)), (SocketError::Network, Some(Errno::INVAL)));
        assert_eq!(
            error.to_string(),
            format!(
                "cannot send a datagram to the link-local address [fe80::2]:7 without a scope id (an \
                 interface's index): {}",
                std::io::Error::from(Errno::INVAL)
            )
        );
        for scope_id in [LO, NO_INTERFACE] {
            let to = scoped("fe80::2", 7, scope_id);
            let error = ends[Near][socket].write_datagram(b"?", to).unwrap_err();
            assert_eq!(errno_of(&error), Some(Errno::NETUNREACH), "{error}");
        }
        ends.until(|_| errors.len() == 3);
        assert_eq!(errors.take(), [SocketError::Network; 3]);
        assert_eq!(ends[Near][socket].state(), SocketState::Bound);

        let fresh = ends[Near].add(QUdpSocket::new());
        let datagram = NetworkDatagram::new("?", scoped("fe80::2", 7, 0));
        let error = ends[Near][fresh].send_datagram(&datagram).unwrap_err();
        assert_eq!(error.kind(), SocketError::Network);
        assert_eq!(ends[Near][fresh].state(), SocketState::Unconnected);
    });
}

#[on_every_network]
fn a_datagram_goes_out_by_an_interface_that_is_there(net: &Net) {
    net.between("refusals::a_datagram_goes_out_by_an_interface_that_is_there", |ends| {
        let socket = ends[Near].add(QUdpSocket::new());
        ends[Near][socket].bind(BindAddress::AnyIpv6, 0, BindMode::DEFAULT).unwrap();
        for to in ["fe80::2", "ff02::7:7", "fd00::2"] {
            let mut datagram = NetworkDatagram::new("?", scoped(to, 7, 0));
            datagram.set_interface_index(Some(NO_INTERFACE));
            let error = ends[Near][socket].send_datagram(&datagram).unwrap_err();
            assert_eq!(errno_of(&error), Some(Errno::NODEV), "{error}");
        }
        let elsewhere = ends.interface(Near).index();
        let mut datagram = NetworkDatagram::new("?", scoped("fe80::2", 7, elsewhere));
        datagram.set_interface_index(Some(LO));
        let error = ends[Near][socket].send_datagram(&datagram).unwrap_err();
        assert_eq!(errno_of(&error), Some(Errno::INVAL), "{error}");
    });
}

#[on_every_network]
fn groups_are_joined_on_interfaces_that_are_there(net: &Net) {
    net.between("refusals::groups_are_joined_on_interfaces_that_are_there", |ends| {
        let socket = ends[Near].add(QUdpSocket::new());
        let own = ends.own(Near, 0);
        ends[Near][socket].bind(own, 0, BindMode::DEFAULT).unwrap();
        let here = ends.interface(Near);
        ends[Near][socket].set_multicast_interface(&here).unwrap();
        let group = "ff02::7:7".parse().unwrap();
        ends[Near][socket].join_multicast_group_on(group, &here).unwrap();
        let again = ends[Near][socket].join_multicast_group_on(group, &here).unwrap_err();
        assert_eq!(again.kind(), SocketError::AddressInUse);
    });
}
