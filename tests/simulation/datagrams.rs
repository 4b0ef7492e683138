//! Datagrams: lost, doubled, overtaken, cut off, refused, sent to many.

use super::*;

/// A bound socket of a host, and where it is bound.
fn bound(sim: &mut Simulation, host: SimHost) -> (Obj<QUdpSocket>, SocketAddr) {
    let socket = sim[host].add(QUdpSocket::new());
    sim[host][socket].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT).unwrap();
    let port = sim[host][socket].local_port().unwrap();
    (socket, SocketAddr::new(sim.addresses(host)[0], port))
}

/// Has 1,000 numbered datagrams sent over a link, one each millisecond; returns the numbers as they
/// came.
fn numbers_over(link: Link) -> Vec<u32> {
    let (mut sim, near, far) = two_hosts(6);
    sim.set_link(near, far, link);
    let (sender, _) = bound(&mut sim, near);
    let (receiver, at) = bound(&mut sim, far);
    let mut numbers = Vec::new();
    for number in 0..1100_u32 {
        if number < 1000 {
            sim[near][sender].write_datagram(&number.to_be_bytes(), at).unwrap();
        }
        sim.run_for(Duration::from_millis(1)).unwrap();
        while let Some(datagram) = sim[far][receiver].receive_datagram(None).unwrap() {
            numbers.push(u32::from_be_bytes(datagram.data().try_into().unwrap()));
        }
    }
    numbers
}

#[test]
fn a_good_link_loses_nothing_and_keeps_the_order() {
    assert_eq!(numbers_over(Link::new()), (0..1000).collect::<Vec<_>>());
}

#[test]
fn a_lossy_link_loses_about_as_many_as_it_says() {
    let came = numbers_over(Link::new().with_loss(0.2));
    assert!((700..900).contains(&came.len()), "{}", came.len());
    assert!(came.is_sorted());
}

#[test]
fn a_link_may_deliver_twice() {
    let came = numbers_over(Link::new().with_duplication(0.2));
    assert!((1100..1300).contains(&came.len()), "{}", came.len());
}

#[test]
fn an_uneven_link_lets_them_overtake_each_other() {
    let mut came = numbers_over(Link::new().with_jitter(Duration::from_millis(20)));
    assert!(!came.is_sorted());
    came.sort_unstable();
    assert_eq!(came, (0..1000).collect::<Vec<_>>());
}

#[test]
fn what_there_is_no_room_for_is_cut_off() {
    let (mut sim, near, far) = two_hosts(6);
    let (sender, from) = bound(&mut sim, near);
    let (receiver, at) = bound(&mut sim, far);
    sim[near][sender].write_datagram(&noise(3000), at).unwrap();
    sim.run_for(SECOND).unwrap();
    assert_eq!(sim[far][receiver].pending_datagram_size(), Some(3000));
    let datagram = sim[far][receiver].receive_datagram(Some(100)).unwrap().unwrap();
    assert_eq!(datagram.data(), &noise(3000)[..100]);
    assert!(datagram.is_truncated());
    assert_eq!(datagram.sender(), Some(from));
    assert_eq!(datagram.destination(), Some(at));
    assert!(!sim[far][receiver].has_pending_datagrams());
    let error = sim[near][sender].write_datagram(&noise(65_508), at).unwrap_err();
    assert_eq!(error.kind(), SocketError::DatagramTooLarge);
}

#[test]
fn a_receiver_that_does_not_read_loses_the_newest() {
    let (mut sim, near, far) = two_hosts(6);
    let (sender, _) = bound(&mut sim, near);
    let (receiver, at) = bound(&mut sim, far);
    for number in 0..100_u8 {
        sim[near][sender].write_datagram(&[number; 10_000], at).unwrap();
    }
    sim.run_for(SECOND).unwrap();
    let mut came = Vec::new();
    while let Some(datagram) = sim[far][receiver].receive_datagram(None).unwrap() {
        came.push(datagram.data()[0]);
    }
    assert_eq!(came, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_receiver_takes_what_just_fills_its_buffer() {
    let (mut sim, near, far) = two_hosts(6);
    let (sender, _) = bound(&mut sim, near);
    let (receiver, at) = bound(&mut sim, far);
    // With what the kernel keeps of each datagram, sixteen of these are the 208 KiB of the buffer.
    for _ in 0..17 {
        sim[near][sender].write_datagram(&[0; 13_056], at).unwrap();
    }
    sim.run_for(SECOND).unwrap();
    let take = |_| sim[far][receiver].receive_datagram(None).unwrap();
    assert_eq!((0..17).filter_map(take).count(), 16);
    // An empty one takes any.
    sim[far][receiver].set_socket_option(slotwire::SocketOption::ReceiveBufferSize(1)).unwrap();
    for _ in 0..2 {
        sim[near][sender].write_datagram(&[0; 13_056], at).unwrap();
    }
    sim.run_for(SECOND).unwrap();
    let take = |_| sim[far][receiver].receive_datagram(None).unwrap();
    assert_eq!((0..2).filter_map(take).count(), 1);
}

#[test]
fn a_plain_socket_looks_at_the_next_datagram_without_taking_it() {
    let (mut sim, near, far) = two_hosts(6);
    let receiver = sim.bind_udp(far, (sim.addresses(far)[0], 0)).unwrap();
    let (sender, from) = bound(&mut sim, near);
    let mut buffer = [0; 4];
    assert_eq!(receiver.peek(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    sim[near][sender].write_datagram(b"first", receiver.local_addr().unwrap()).unwrap();
    sim.run_for(SECOND).unwrap();
    for _ in 0..2 {
        assert_eq!((receiver.peek(&mut buffer).unwrap(), &buffer), (4, b"firs"));
        assert_eq!(receiver.peek(&mut buffer[..2]).unwrap(), 2);
    }
    assert_eq!(receiver.recv_from(&mut buffer).unwrap(), (4, from));
    assert_eq!(receiver.peek(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn who_is_connected_hears_that_nobody_is_there() {
    let (mut sim, near, far) = two_hosts(6);
    let to = SocketAddr::new(sim.addresses(far)[0], 9);
    let socket = sim[near].add(QUdpSocket::new());
    sim[near][socket].connect_to_address(to, OpenMode::READ_WRITE);
    sim.settle().unwrap();
    let journal = journal_of(&mut sim[near], socket);
    sim[near][socket].write_all(b"anybody?").unwrap();
    sim.run_for(SECOND).unwrap();
    assert_eq!(journal.take(), ["bytes_written 8", "ConnectionRefused while Connected"]);
    let (other, _) = bound(&mut sim, near);
    sim[near][other].write_datagram(b"anybody?", to).unwrap();
    sim.run_for(SECOND).unwrap();
    assert_eq!(sim[near][other].error(), None);
}

#[test]
fn what_a_host_sends_to_its_own_address_comes_by_the_interface_of_that() {
    let (mut sim, near, _) = two_hosts(6);
    let socket = sim[near].add(QUdpSocket::new());
    sim[near][socket].bind(BindAddress::Any, 7, BindMode::DEFAULT).unwrap();
    let loopback = [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()].map(|ip| (ip, 1));
    let own = sim.addresses(near).into_iter().map(|ip| (ip, 2));
    for (ip, index) in own.chain(loopback) {
        sim[near][socket].write_datagram(b"to myself", (ip, 7)).unwrap();
        sim.run_for(SECOND).unwrap();
        let datagram = sim[near][socket].receive_datagram(None).unwrap().unwrap();
        assert_eq!(datagram.interface_index(), Some(index), "{ip}");
        assert_eq!(datagram.destination_address(), Some(ip));
    }
}

#[test]
fn a_group_hears_what_is_sent_to_it_wherever_its_members_are() {
    let mut sim = Simulation::new(6);
    let hosts = ["a", "b", "c"].map(|name| sim.add_host(name).unwrap());
    let group = IpAddr::from([239, 1, 2, 3]);
    let members = hosts.map(|host| {
        let socket = sim[host].add(QUdpSocket::new());
        sim[host][socket].bind(BindAddress::AnyIpv4, 5000, BindMode::SHARE_ADDRESS).unwrap();
        socket
    });
    for number in [0, 1] {
        sim[hosts[number]][members[number]].join_multicast_group(group).unwrap();
    }
    let heard = |sim: &mut Simulation| -> [bool; 3] {
        sim.run_for(SECOND).unwrap();
        [0, 1, 2].map(|n| sim[hosts[n]][members[n]].receive_datagram(None).unwrap().is_some())
    };
    let to = SocketAddr::new(group, 5000);
    sim[hosts[0]][members[0]].write_datagram(b"all", to).unwrap();
    assert_eq!(heard(&mut sim), [true, true, false], "its own host's too");
    sim[hosts[2]][members[2]].write_datagram(b"all", to).unwrap();
    assert_eq!(heard(&mut sim), [true, true, false], "who is no member can send");
    sim[hosts[1]][members[1]].leave_multicast_group(group).unwrap();
    let option = slotwire::SocketOption::MulticastLoopback(false);
    sim[hosts[0]][members[0]].set_socket_option(option).unwrap();
    sim[hosts[0]][members[0]].write_datagram(b"all", to).unwrap();
    assert_eq!(heard(&mut sim), [false; 3]);
    let everybody = SocketAddr::from(([255; 4], 5000));
    sim[hosts[0]][members[0]].write_datagram(b"all", everybody).unwrap();
    assert_eq!(heard(&mut sim), [true; 3]);
}

#[test]
fn what_takes_no_time_is_there_without_a_turn() {
    let (mut sim, near, _) = two_hosts(6);
    sim.set_loopback(Link::loopback().with_latency(Duration::ZERO));
    let ((one, _), (other, at)) = (bound(&mut sim, near), bound(&mut sim, near));
    sim[near][one].write_datagram(b"now", at).unwrap();
    assert_eq!(sim[near][other].receive_datagram(None).unwrap().unwrap().data(), b"now");
    assert_eq!(sim.elapsed(), Duration::ZERO);
}
