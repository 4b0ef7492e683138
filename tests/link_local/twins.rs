//! Two links with the same addresses, on the kernel's network alone: a simulated host has one.

use slotwire::BindAddress;

use super::ends::lay_link;
use super::namespace::in_own_network;
use super::*;

/// Runs the body of a test where two links have the same addresses.
#[track_caller]
fn between_twins(test: &str, body: impl FnOnce([Ends; 2])) {
    in_own_network(test, || {
        lay_link("near", "far");
        lay_link("left", "right");
        body([Ends::of_interfaces("near", "far"), Ends::of_interfaces("left", "right")]);
    });
}

#[test]
fn the_scope_says_which_of_two_links_is_called() {
    between_twins("twins::the_scope_says_which_of_two_links_is_called", |mut twins| {
        // Both listen on the same address and port, each on its link.
        let mut port = 0;
        let servers = twins.each_mut().map(|ends| {
            let server = ends[Far].add(QTcpServer::new());
            let at = ends.own(Far, port);
            ends[Far][server].listen(at).unwrap();
            port = ends[Far][server].server_port().unwrap();
            server
        });
        for (ends, server) in twins.iter_mut().zip(servers) {
            let socket = ends[Near].add(QTcpSocket::new());
            let to = ends.other(Near, port);
            ends[Near][socket].connect_to_address(to, OpenMode::READ_WRITE);
            ends.until(|ends| ends[Far][server].has_pending_connections());
            let accepted = ends[Far][server].next_pending_connection().unwrap();
            let from = ends[Near][socket].local_port().unwrap();
            assert_eq!(ends[Far][accepted].peer_addr(), Some(ends.other(Far, from)));
            assert!(!ends[Far][server].has_pending_connections());
        }
    });
}

#[test]
fn one_socket_answers_datagrams_of_two_links_each_on_its_own() {
    between_twins(
        "twins::one_socket_answers_datagrams_of_two_links_each_on_its_own",
        |mut twins| {
            let mut rt = Runtime::new().unwrap();
            let echo = rt.add(QUdpSocket::new());
            rt[echo].bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap();
            let port = rt[echo].local_port().unwrap();
            rt.connect_fn(echo, QUdpSocket::ready_read, move |world, _| {
                while let Some(datagram) = world[echo].receive_datagram(None)? {
                    let from = datagram.sender().unwrap();
                    world[echo].send_datagram(&datagram.make_reply(from.to_string()))?;
                    world[echo].write_datagram(datagram.data(), from)?;
                }
                Ok::<_, NetError>(())
            });
            let askers = twins.each_mut().map(|ends| {
                let asker = ends[Near].add(QUdpSocket::new());
                let to = ends.other(Near, port);
                ends[Near][asker].write_datagram(b"ping", to).unwrap();
                asker
            });
            for (ends, asker) in twins.iter_mut().zip(askers) {
                let own_port = ends[Near][asker].local_port().unwrap();
                for expected in [ends.other(Far, own_port).to_string(), "ping".to_owned()] {
                    wait_until(&mut rt, |_| ends[Near][asker].has_pending_datagrams());
                    let answer = ends[Near][asker].receive_datagram(None).unwrap().unwrap();
                    assert_eq!(answer.sender(), Some(ends.other(Near, port)));
                    assert_eq!(String::from_utf8_lossy(answer.data()), expected);
                }
            }
        },
    );
}

#[test]
fn a_group_that_is_joined_on_two_links_says_by_which_a_datagram_came() {
    let test = "twins::a_group_that_is_joined_on_two_links_says_by_which_a_datagram_came";
    between_twins(test, |mut twins| {
        let group: IpAddr = "ff02::7:7".parse().unwrap();
        let mut rt = Runtime::new().unwrap();
        let member = rt.add(QUdpSocket::new());
        rt[member].bind(BindAddress::AnyIpv6, 0, BindMode::DEFAULT).unwrap();
        let port = rt[member].local_port().unwrap();
        for ends in &twins {
            rt[member].join_multicast_group_on(group, &ends.interface(Far)).unwrap();
        }
        for ends in &mut twins {
            let sender = ends[Near].add(QUdpSocket::new());
            let (near, far) = (ends.interface(Near).index(), ends.interface(Far).index());
            ends[Near][sender].write_datagram(b"here", scoped("ff02::7:7", port, near)).unwrap();
            wait_until(&mut rt, |world| world[member].has_pending_datagrams());
            let datagram = rt[member].receive_datagram(None).unwrap().unwrap();
            assert_eq!(datagram.destination(), Some(scoped("ff02::7:7", port, far)));
            assert_eq!(datagram.sender().map(scope_of), Some(far));
            rt[member].send_datagram(&datagram.make_reply("heard")).unwrap();
            ends.until(|ends| ends[Near][sender].has_pending_datagrams());
        }
    });
}
