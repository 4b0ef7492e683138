//! Hosts: crashes, peers that are half there, descriptors that run out.

use super::*;

#[test]
fn a_host_that_crashed_leaves_its_peers_half_open() {
    let (mut sim, near, far) = two_hosts(2);
    let (socket, _) = connected_pair_on(&mut sim, near, far);
    let journal = journal_of(&mut sim[near], socket);
    sim.crash(far);
    sim.run_for(MINUTE).unwrap();
    assert_eq!(journal.take(), [""; 0], "nobody tells");
    sim.boot(far).unwrap();
    sim[near][socket].write_all(b"are you there?").unwrap();
    sim.run_for(MINUTE).unwrap();
    let said = journal.take();
    assert_eq!(said[..2], ["bytes_written 14", "RemoteHostClosed while Connected"]);
    assert_eq!(said.last().unwrap(), "disconnected");
}

#[test]
fn a_host_that_is_down_answers_nobody() {
    let (mut sim, near, far) = two_hosts(2);
    sim.crash(far);
    let socket = sim[near].add(QTcpSocket::new());
    sim[near][socket].connect_to_host("far", 80);
    sim.run_for(29 * SECOND).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connecting);
    sim.run_for(2 * SECOND).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
    assert_eq!(sim.sockets(near), 0);
}

#[test]
fn indexing_with_a_host_that_is_down_panics_with_its_name() {
    let (mut sim, _, far) = two_hosts(2);
    sim.crash(far);
    let said = r#"host "far" is down, or was added only to the network, so it has no runtime"#;
    assert_eq!(panic_of(|| sim[far].len()), said);
    assert_eq!(panic_of(|| sim[far].add(QTcpSocket::new())), said);
}

#[test]
fn descriptors_run_out_and_come_back() {
    let (mut sim, near, far) = two_hosts(2);
    let server = sim[far].add(QTcpServer::new());
    sim[far][server].listen_on(BindAddress::Any, 80).unwrap();
    let errors = sim[far].spy(server, QTcpServer::accept_error);
    sim.set_descriptor_limit(far, Some(3));
    let to = SocketAddr::new(sim.addresses(far)[0], 80);
    let clients: Vec<_> = (0..5).map(|_| sim.connect(near, to).unwrap()).collect();
    sim.run_for(MINUTE).unwrap();
    assert_eq!(sim.descriptors(far), 3);
    let told = errors.take();
    assert!(told.len() > 10 && told.len() < 70, "it tries once a second: {}", told.len());
    assert!(told.iter().all(|&error| error == SocketError::SocketResource));
    assert_eq!(sim[far][server].server_error(), Some(SocketError::SocketResource));
    assert!(!sim[far][server].error_string().is_empty());
    let first = sim[far][server].next_pending_connection().unwrap();
    sim[far].destroy(first);
    sim.run_for(2 * SECOND).unwrap();
    assert_eq!(sim.descriptors(far), 3, "the next was taken in its place");
    sim.set_descriptor_limit(far, None);
    sim.run_for(2 * SECOND).unwrap();
    assert_eq!(sim.descriptors(far), 5);
    drop(clients);
    sim[far].destroy(server);
    sim.run_for(MINUTE).unwrap();
    assert_eq!((sim.descriptors(far), sim.sockets(far), sim.sockets(near)), (0, 0, 0));
}

#[test]
fn a_server_that_could_accept_again_tries_as_soon_as_at_first_when_it_fails_again() {
    let (mut sim, near, far) = two_hosts(2);
    let server = sim[far].add(QTcpServer::new());
    sim[far][server].listen_on(BindAddress::Any, 80).unwrap();
    let errors = sim[far].spy(server, QTcpServer::accept_error);
    let to = SocketAddr::new(sim.addresses(far)[0], 80);
    for _ in 0..2 {
        sim.set_descriptor_limit(far, Some(0));
        let _caller = sim.connect(near, to).unwrap();
        sim.run_for(SECOND / 2).unwrap();
        assert_eq!(errors.take().len(), 3, "at once, after 100 ms and after 200 ms");
        sim.run_for(MINUTE).unwrap();
        sim.set_descriptor_limit(far, None);
        sim.run_for(2 * SECOND).unwrap();
        assert!(sim[far][server].next_pending_connection().is_some());
        errors.take();
    }
}

#[test]
fn closing_a_connection_leaves_nothing_of_it() {
    let (mut sim, near, far) = two_hosts(2);
    let (socket, peer) = connected_pair_on(&mut sim, near, far);
    sim[near][socket].write_all(&noise(100_000)).unwrap();
    sim[near][socket].disconnect_from_host();
    let is_over = |sim: &Simulation| sim[far][peer].state() == SocketState::Unconnected;
    assert!(sim.run_until(MINUTE, is_over).unwrap());
    assert_eq!(sim[far][peer].read_all(), noise(100_000));
    sim.run_for(MINUTE).unwrap();
    assert_eq!((sim.sockets(near), sim.sockets(far)), (0, 0));
    assert_eq!((sim.descriptors(near), sim.descriptors(far)), (0, 0));
}

#[test]
fn who_closes_what_was_not_read_resets() {
    let (mut sim, near, far) = two_hosts(2);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    let journal = journal_of(&mut sim[near], socket);
    sim[near][socket].write_all(b"unread").unwrap();
    sim.run_for(SECOND).unwrap();
    peer.write_all(b"last words").unwrap();
    drop(peer);
    sim.run_for(SECOND).unwrap();
    let said = journal.take();
    assert_eq!(said[..3], ["bytes_written 6", "ready_read", "RemoteHostClosed while Connected"]);
    assert_eq!(sim[near][socket].read_all(), b"last words");
    let system = sim[near][socket].os_error().map(std::io::Error::kind);
    assert_eq!(system, Some(ErrorKind::ConnectionReset));
}

#[test]
fn both_ends_of_a_host_talk_over_its_loopback() {
    let mut rt = Runtime::simulated(2).unwrap();
    let server = rt.add(QTcpServer::new());
    rt[server].listen(any_port()).unwrap();
    let port = rt[server].server_port().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |world| world[server].has_pending_connections());
    let peer = rt[server].next_pending_connection().unwrap();
    rt[socket].write_all(b"hello").unwrap();
    wait_until(&mut rt, |world| world[peer].bytes_available() == 5);
    assert_eq!(rt[peer].peer_port(), rt[socket].local_port());
    assert_eq!(rt[peer].peer_address(), Some(IpAddr::from([127, 0, 0, 1])));
}

#[test]
fn a_socket_of_a_crashed_host_that_somebody_holds_fails() {
    let network = SimNetwork::new(2);
    let host = network.add_host("host");
    let mut rt = network.runtime(host).unwrap();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(BindAddress::Any, 53, BindMode::DEFAULT).unwrap();
    network.crash(host);
    let to = SocketAddr::from(([127, 0, 0, 1], 53));
    let error = rt[socket].write_datagram(b"anybody?", to).unwrap_err();
    assert_eq!(error.kind(), SocketError::Network);
}

#[test]
fn a_host_that_is_down_has_no_sockets_to_give() {
    let network = SimNetwork::new(2);
    let host = network.add_host("host");
    let mut rt = network.runtime(host).unwrap();
    network.crash(host);
    let any = SocketAddr::from(([0; 4], 0));
    assert_eq!(network.bind_udp(host, any).unwrap_err().kind(), ErrorKind::NetworkDown);
    assert_eq!(network.listen(host, 80).unwrap_err().kind(), ErrorKind::NetworkDown);
    let to = SocketAddr::from(([127, 0, 0, 1], 80));
    assert_eq!(network.connect(host, to).unwrap_err().kind(), ErrorKind::NetworkDown);
    let socket = rt.add(QUdpSocket::new());
    assert!(rt[socket].bind(BindAddress::Any, 0, BindMode::DEFAULT).is_err());
    network.boot(host);
    assert_eq!((network.sockets(host), network.descriptors(host)), (0, 0));
    assert!(network.listen(host, 80).is_ok());
}

#[test]
fn a_host_of_another_network_is_turned_away() {
    let (one, other) = (SimNetwork::new(1), SimNetwork::new(1));
    let host = one.add_host("host");
    let said = panic_of(|| drop(other.listen(host, 80)));
    assert_eq!(said, "the host is not of this network");
}

#[test]
fn a_crash_at_some_time_ends_the_program_too() {
    let (mut sim, near, far) = two_hosts(2);
    let journal = Journal::new();
    for host in [near, far] {
        let timer = sim[host].add(QTimer::new());
        let (journal, name) = (journal.clone(), sim.host_name(host));
        sim[host].connect_fn(timer, QTimer::timeout, move |_, _| journal.note(name.clone()));
        sim[host][timer].start_with(SECOND);
    }
    sim.after(SECOND * 3 / 2, move |network| {
        network.crash(far);
        network.boot(far);
    });
    sim.run_for(SECOND * 7 / 2).unwrap();
    assert_eq!(journal.take(), ["near", "far", "near", "near"]);
    assert!(sim.runtime(far).is_none());
    sim.boot(far).unwrap();
    assert!(sim[far].is_empty());
}

#[test]
fn who_does_not_hear_that_nobody_is_there_asks_again() {
    let (mut sim, near, far) = two_hosts(2);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    let port = peer.local_addr().unwrap().port();
    peer.write_all(b"nobody will read this").unwrap();
    sim.run_for(SECOND).unwrap();
    // What is sent to the peer is swallowed: that the connection is reset, and then that there is none.
    sim.close_port(far, port);
    sim[near].destroy(socket);
    peer.write_all(b"nor this").unwrap();
    sim.run_for(SECOND).unwrap();
    sim.open_port(far, port);
    sim.run_for(MINUTE).unwrap();
    let error = peer.write(b"nor this").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    drop(peer);
    sim.run_for(MINUTE).unwrap();
    assert_eq!((sim.sockets(near), sim.sockets(far)), (0, 0));
}

#[test]
fn a_host_has_a_link_local_address_at_its_interface_and_not_at_its_name() {
    let (sim, _, far) = two_hosts(2);
    let address = sim.link_local_addr(far, 80);
    assert_eq!(address.to_string(), "[fe80::2%2]:80");
    assert!(!sim.addresses(far).contains(&address.ip()));
    let interfaces = sim.interfaces(far);
    let entries = interfaces.iter().flat_map(NetworkInterface::address_entries);
    let scopes: Vec<_> = entries.map(|entry| (entry.ip(), entry.scope_id())).collect();
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let expected = ["127.0.0.1", "::1", "10.0.0.2", "fd00::2"].map(|text| (ip(text), 0));
    assert_eq!(scopes[..4], expected);
    assert_eq!(scopes[4..], [(address.ip(), 2)]);

    sim.add_address(far, ip("fe80::7"));
    assert_eq!(sim.link_local_addr(far, 80), address);
    let entries = sim.interfaces(far)[1].address_entries().to_vec();
    assert_eq!(entries.last().unwrap().socket_addr(80).to_string(), "[fe80::7%2]:80");
}

#[test]
fn packets_come_from_an_address_of_the_same_scope() {
    let (sim, near, far) = two_hosts(2);
    let receiver = sim.bind_udp(far, (Ipv6Addr::UNSPECIFIED, 7)).unwrap();
    let sender = sim.bind_udp(near, (Ipv6Addr::UNSPECIFIED, 8)).unwrap();
    for (to, from) in [
        ("[fe80::2%2]:7", "[fe80::1%2]:8"),
        ("[fd00::2]:7", "[fd00::1]:8"),
        // Linux takes the first interface for a datagram that does not say which.
        ("[fe80::2]:7", "[fe80::1%2]:8"),
    ] {
        let to: SocketAddr = to.parse().unwrap();
        sender.send_to(b"hello", to).unwrap();
        sim.advance(SECOND);
        let (_, sender) = receiver.recv_from(&mut [0; 8]).unwrap();
        assert_eq!(sender, from.parse().unwrap(), "{to}");
    }
}

#[test]
fn a_connection_with_a_link_local_address_at_one_end_stays_at_its_interface() {
    let (mut sim, near, far) = two_hosts(2);
    let own = sim.link_local_addr(far, 0);
    let global = SocketAddr::new(sim.addresses(near)[1], 0);
    for at in [own, (Ipv6Addr::UNSPECIFIED, 0).into()] {
        let server = sim.listen_on(far, at).unwrap();
        let to = sim.link_local_addr(far, server.port().unwrap());
        let caller = sim.connect_from(near, global, to).unwrap();
        sim.advance(SECOND);
        let (accepted, from) = server.accept().unwrap();
        assert_eq!(from, caller.local_addr().unwrap());
        assert_eq!(caller.peer_addr().unwrap(), to);
        // Of a global peer, Linux does not note by which interface it called.
        let expected = if at == own { to } else { SocketAddr::new(to.ip(), to.port()) };
        assert_eq!(accepted.local_addr().unwrap(), expected);
    }

    let socket = sim[near].add(QUdpSocket::new());
    sim[near][socket].bind(global, 0, BindMode::DEFAULT).unwrap();
    let to = sim.link_local_addr(far, 7);
    sim[near][socket].connect_to_address(to, OpenMode::READ_WRITE);
    sim.settle().unwrap();
    assert_eq!(sim[near][socket].local_address(), Some(global.ip()));
    let unscoped = SocketAddr::new(to.ip(), 7);
    assert_eq!(sim[near][socket].write_datagram(b"hello", unscoped).unwrap(), 5);
}

#[test]
fn nobody_at_a_link_local_address_is_found_out() {
    let (mut sim, near, _) = two_hosts(2);
    let socket = sim[near].add(QTcpSocket::new());
    sim[near][socket].connect_to_host("fe80::9%eth0", 80);
    sim.run_for(4 * SECOND).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::Network));
    let system = sim[near][socket].os_error().map(std::io::Error::kind);
    assert_eq!(system, Some(ErrorKind::HostUnreachable));
}

#[test]
fn an_interface_that_leads_nowhere_takes_no_group_along() {
    let (mut sim, near, _) = two_hosts(2);
    let lo = sim.interfaces(near).remove(0);
    let socket = sim[near].add(QUdpSocket::new());
    sim[near][socket].bind(BindAddress::AnyIpv6, 0, BindMode::DEFAULT).unwrap();
    sim[near][socket].set_multicast_interface(&lo).unwrap();
    let group: SocketAddr = "[ff02::7]:7".parse().unwrap();
    let error = sim[near][socket].write_datagram(b"anybody?", group).unwrap_err();
    assert_eq!(error.kind(), SocketError::Network, "no route leads from lo to groups");
    let bound = sim[near].add(QUdpSocket::new());
    let own = sim.link_local_addr(near, 0);
    sim[near][bound].bind(own, 0, BindMode::DEFAULT).unwrap();
    assert!(sim[near][bound].set_multicast_interface(&lo).is_err(), "it is bound to eth0");
}

#[test]
fn an_address_that_a_host_has_stays_with_it() {
    let (sim, near, far) = two_hosts(2);
    let address = IpAddr::from([10, 0, 7, 7]);
    sim.add_address(near, address);
    assert_eq!(panic_of(|| sim.add_address(far, address)), "a host has 10.0.7.7 already");
    let _listener = sim.listen(near, 80).unwrap();
    let caller = sim.connect(far, (address, 80)).unwrap();
    sim.advance(SECOND);
    assert!(caller.is_connected().unwrap());
}

#[test]
fn a_host_counts_the_sockets_of_its_kernel_also_those_that_no_program_has() {
    let (mut sim, near, far) = two_hosts(3);
    let listener = sim.listen(far, 7).unwrap();
    assert_eq!((sim.sockets(near), sim.sockets(far)), (0, 1));
    let mut caller = sim.connect(near, (sim.addresses(far)[0], 7)).unwrap();
    sim.run_for(SECOND).unwrap();
    assert_eq!((sim.sockets(near), sim.sockets(far)), (1, 2), "one waits to be accepted");
    sim.partition(near, far);
    caller.write_all(b"the last word").unwrap();
    drop(caller);
    sim.run_for(SECOND).unwrap();
    assert_eq!(sim.sockets(near), 1, "it still has bytes to send");
    sim.repair(near, far);
    drop(listener);
    sim.run_for(MINUTE).unwrap();
    assert_eq!((sim.sockets(near), sim.sockets(far)), (0, 0));
}
