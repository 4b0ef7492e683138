//! Groups and broadcasts.

use super::*;

#[on_every_network]
fn members_of_a_group_all_get_what_is_sent_to_it(net: &Net) {
    let mut rt = net.runtime();
    let group = IpAddr::from([239, 255, 43, 61]);
    let (one, heard_one, at) = bound_at(&mut rt, BindAddress::AnyIpv4, BindMode::SHARE_ADDRESS);
    let other = rt.add(QUdpSocket::new());
    rt[other].bind(BindAddress::AnyIpv4, at.port(), BindMode::SHARE_ADDRESS).unwrap();
    let heard_other = journal_of(&mut rt, other);
    rt[one].join_multicast_group_on(group, &net.loopback()).unwrap();
    rt[other].join_multicast_group_on(group, &net.loopback()).unwrap();
    let (sender, _, from) = bound(&mut rt);
    assert_eq!(rt[sender].multicast_interface().unwrap(), None);
    rt[sender].set_multicast_interface(&net.loopback()).unwrap();
    assert_eq!(rt[sender].multicast_interface().unwrap().unwrap().name(), "lo");
    rt[sender].write_datagram(b"copy", (group, at.port())).unwrap();
    wait_until(&mut rt, |_| heard_one.has("ready_read") && heard_other.has("ready_read"));
    for member in [one, other] {
        let datagram = rt[member].receive_datagram(None).unwrap().unwrap();
        assert_eq!((datagram.data(), datagram.sender()), (&b"copy"[..], Some(from)));
        assert_eq!(datagram.destination_address(), Some(group));
        assert_eq!(datagram.hop_limit(), Some(1));
        assert_ne!(datagram.make_reply("").sender_address(), Some(group));
    }
    rt[one].leave_multicast_group_on(group, &net.loopback()).unwrap();
    rt[other].leave_multicast_group_on(group, &net.loopback()).unwrap();
    rt[sender].write_datagram(b"nobody", (group, at.port())).unwrap();
    assert_eq!((take(&mut rt, one), take(&mut rt, other)), (None, None));
}

/// Without sending: the loopback interface has no route to groups of IPv6.
#[on_every_network]
fn groups_of_ipv6_are_joined_and_left_as_those_of_ipv4(net: &Net) {
    let mut rt = net.runtime();
    let group: IpAddr = "ff01::4:3d".parse().unwrap();
    let (member, ..) = bound_at(&mut rt, BindAddress::Any, BindMode::SHARE_ADDRESS);
    rt[member].join_multicast_group_on(group, &net.loopback()).unwrap();
    let again = rt[member].join_multicast_group_on(group, &net.loopback()).unwrap_err();
    assert_eq!(again.kind(), SocketError::AddressInUse);
    rt[member].leave_multicast_group_on(group, &net.loopback()).unwrap();
    assert!(rt[member].leave_multicast_group_on(group, &net.loopback()).is_err());
    assert_eq!(rt[member].multicast_interface().unwrap(), None);
    rt[member].set_multicast_interface(&net.loopback()).unwrap();
    assert_eq!(rt[member].multicast_interface().unwrap().unwrap().name(), "lo");
}

#[on_every_network]
fn options_say_how_far_datagrams_go_and_whether_they_come_back(net: &Net) {
    let mut rt = net.runtime();
    let group = IpAddr::from([239, 255, 43, 62]);
    let (member, journal, at) = bound_at(&mut rt, BindAddress::AnyIpv4, BindMode::SHARE_ADDRESS);
    rt[member].join_multicast_group_on(group, &net.loopback()).unwrap();
    let (sender, ..) = bound(&mut rt);
    rt[sender].set_multicast_interface(&net.loopback()).unwrap();
    let ttl = rt[sender].socket_option(OptionName::MulticastTtl).unwrap();
    assert_eq!(ttl, SocketOption::MulticastTtl(1));
    rt[sender].set_socket_option(SocketOption::MulticastTtl(7)).unwrap();
    rt[sender].set_socket_option(SocketOption::MulticastLoopback(false)).unwrap();
    rt[sender].write_datagram(b"away", (group, at.port())).unwrap();
    rt[sender].set_socket_option(SocketOption::MulticastLoopback(true)).unwrap();
    rt[sender].write_datagram(b"back", (group, at.port())).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    let came = rt[member].receive_datagram(None).unwrap().unwrap();
    assert_eq!(came.hop_limit(), Some(7));
    assert!(rt[sender].socket_option(OptionName::LowDelay).is_err());
}

#[on_every_network]
fn what_is_wrong_with_a_group_is_returned_and_not_emitted(net: &Net) {
    let mut rt = net.runtime();
    let group = IpAddr::from([239, 255, 43, 63]);
    let fresh = rt.add(QUdpSocket::new());
    let kind = |result: Result<(), NetError>| result.unwrap_err().kind();
    assert_eq!(kind(rt[fresh].join_multicast_group(group)), SocketError::Operation);
    assert_eq!(kind(rt[fresh].leave_multicast_group(group)), SocketError::Operation);
    assert_eq!(kind(rt[fresh].set_multicast_interface(&net.loopback())), SocketError::Operation);
    assert!(rt[fresh].multicast_interface().is_err());

    let (socket, journal, _) = bound_at(&mut rt, BindAddress::AnyIpv4, BindMode::DEFAULT);
    rt[socket].join_multicast_group_on(group, &net.loopback()).unwrap();
    let again = rt[socket].join_multicast_group_on(group, &net.loopback());
    assert_eq!(kind(again), SocketError::AddressInUse);
    let foreign = rt[socket].leave_multicast_group_on([239, 255, 43, 99].into(), &net.loopback());
    assert_eq!(kind(foreign), SocketError::SocketAddressNotAvailable);
    let no_group = rt[socket].join_multicast_group_on(LOCALHOST.into(), &net.loopback());
    assert_eq!(kind(no_group), SocketError::UnsupportedSocketOperation);
    let (both, ..) = bound_at(&mut rt, BindAddress::Any, BindMode::DEFAULT);
    let other_family = rt[both].join_multicast_group_on(group, &net.loopback()).unwrap_err();
    assert_eq!(other_family.kind(), SocketError::UnsupportedSocketOperation);
    assert!(other_family.to_string().contains("not bound to an IPv4 address"), "{other_family}");
    settle(&mut rt);
    assert_eq!((journal.take().len(), rt[socket].error()), (0, None));
}

#[on_every_network]
fn a_broadcast_is_received_and_answered_from_this_host(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, at) = bound_at(&mut rt, BindAddress::AnyIpv4, BindMode::DEFAULT);
    let (sender, ..) = bound(&mut rt);
    let all = IpAddr::from([127, 255, 255, 255]);
    rt[sender].write_datagram(b"all", (all, at.port())).unwrap();
    let datagram = rt[socket].receive_datagram(None).unwrap().unwrap();
    assert_eq!(datagram.destination_address(), Some(all));
    rt[socket].send_datagram(&datagram.make_reply("one")).unwrap();
    assert_eq!(take(&mut rt, sender).as_deref(), Some("one"));
}

#[on_every_network]
fn a_broadcast_is_received_by_all_who_are_bound_to_no_address_in_particular(net: &Net) {
    let mut rt = net.runtime();
    let (one, _, at) = bound_at(&mut rt, BindAddress::AnyIpv4, BindMode::SHARE_ADDRESS);
    let [other, aloof] = [BindAddress::AnyIpv4, LOCALHOST.into()].map(|address| {
        let socket = rt.add(QUdpSocket::new());
        rt[socket].bind(address, at.port(), BindMode::SHARE_ADDRESS).unwrap();
        socket
    });
    let (sender, ..) = bound(&mut rt);
    rt[sender].write_datagram(b"all", ([127, 255, 255, 255], at.port())).unwrap();
    for socket in [one, other] {
        let datagram = rt[socket].receive_datagram(None).unwrap().unwrap();
        assert_eq!(datagram.interface_index(), Some(net.loopback().index()));
        assert_eq!(datagram.make_reply("").sender_address(), Some(LOCALHOST.into()));
    }
    assert_eq!(take(&mut rt, aloof), None);
}
