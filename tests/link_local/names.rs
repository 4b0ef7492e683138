//! Literal addresses that name their interface, and names that lead to a link.

use std::cell::RefCell;
use std::rc::Rc;

use slotwire::{BindAddress, HostInfo};

use super::*;

/// Asks a runtime for a host.
fn look_up(ends: &mut Ends, name: &str) -> HostInfo {
    let answer = Rc::new(RefCell::new(None));
    let heard = answer.clone();
    ends[Near].look_up_host(name, move |_, info| *heard.borrow_mut() = Some(info));
    ends.until(|_| answer.borrow().is_some());
    answer.take().unwrap()
}

#[on_every_network]
fn a_literal_address_names_its_interface_or_gives_the_index(net: &Net) {
    net.between("names::a_literal_address_names_its_interface_or_gives_the_index", |ends| {
        let interface = ends.interface(Near);
        let to = ends.other(Near, 80);
        for scope in [interface.name().to_owned(), interface.index().to_string()] {
            let literal = format!("fe80::2%{scope}");
            let info = look_up(ends, &literal);
            assert_eq!(info.host_name(), literal);
            assert_eq!(info.addresses(), [to.ip()]);
            assert_eq!(info.socket_addrs(80).collect::<Vec<_>>(), [to]);
        }
        let nobody = look_up(ends, "fe80::2%nosuch");
        assert_eq!(nobody.error(), Some(slotwire::HostInfoError::HostNotFound));
        assert_eq!(nobody.socket_addrs(80).len(), 0);
    });
}

#[on_every_network]
fn a_socket_connects_to_a_literal_with_its_interface(net: &Net) {
    net.between("names::a_socket_connects_to_a_literal_with_its_interface", |ends| {
        let server = ends[Far].add(QTcpServer::new());
        ends[Far][server].listen_on(BindAddress::Any, 0).unwrap();
        let port = ends[Far][server].server_port().unwrap();
        let interface = ends.interface(Near);
        let index = interface.index();
        for literal in [format!("fe80::2%{}", interface.name()), format!("fe80::2%{index}")] {
            let socket = ends[Near].add(QTcpSocket::new());
            let journal = journal_of(&mut ends[Near], socket);
            ends[Near][socket].connect_to_host(&literal, port);
            ends.until(|ends| ends[Near][socket].state() == SocketState::Connected);
            assert_eq!(ends[Near][socket].peer_addr(), Some(ends.other(Near, port)));
            assert_eq!(ends[Near][socket].peer_name(), literal);
            let said = journal.take();
            assert_eq!(said[..3], ["HostLookup", "Connecting", "host_found"]);
        }

        // One that begins when it is added, for until then it knows no interfaces.
        let mut unborn = QTcpSocket::new();
        unborn.connect_to_host(&format!("fe80::2%{}", interface.name()), port);
        let socket = ends[Near].add(unborn);
        ends.until(|ends| ends[Near][socket].state() == SocketState::Connected);
        assert_eq!(ends[Near][socket].peer_addr(), Some(ends.other(Near, port)));
    });
}

#[on_every_network]
fn the_name_of_a_peer_that_was_given_by_address_leads_there_again(net: &Net) {
    net.between("names::the_name_of_a_peer_that_was_given_by_address_leads_there_again", |ends| {
        let server = ends[Far].add(QTcpServer::new());
        ends[Far][server].listen_on(BindAddress::Any, 0).unwrap();
        let port = ends[Far][server].server_port().unwrap();
        let to = ends.other(Near, port);
        let socket = ends[Near].add(QTcpSocket::new());
        ends[Near][socket].connect_to_address(to, OpenMode::READ_WRITE);
        ends.until(|ends| ends[Near][socket].state() == SocketState::Connected);
        let name = ends[Near][socket].peer_name().to_owned();
        ends[Near][socket].abort();
        ends[Near][socket].connect_to_host(&name, port);
        ends.until(|ends| ends[Near][socket].state() == SocketState::Connected);
        assert_eq!(ends[Near][socket].peer_addr(), Some(to));
    });
}

/// The kernel's network has no names of the test's own.
#[test]
fn a_name_may_lead_to_a_link_local_address() {
    use std::time::Duration;

    use slotwire::sim::{NameAnswer, Simulation};

    const MINUTE: Duration = Duration::from_secs(60);

    let mut sim = Simulation::new(1);
    let (near, far) = (sim.add_host("near").unwrap(), sim.add_host("far").unwrap());
    let to = sim.link_local_addr(far, 80);
    sim.set_name("printer.local", NameAnswer::found_at([to, sim.link_local_addr(near, 80)]));
    let _listener = sim.listen(far, 80).unwrap();
    // The second time, the answer is remembered.
    for _ in 0..2 {
        let socket = sim[near].add(QTcpSocket::new());
        sim[near][socket].connect_to_host("printer.local", 80);
        let stands = |sim: &Simulation| sim[near][socket].state() == SocketState::Connected;
        assert!(sim.run_until(MINUTE, stands).unwrap());
        assert_eq!(sim[near][socket].peer_addr(), Some(to));
    }
    let answer = Rc::new(RefCell::new(None));
    let heard = answer.clone();
    sim[near].look_up_host("printer.local", move |_, info| *heard.borrow_mut() = Some(info));
    assert!(sim.run_until(MINUTE, |_| answer.borrow().is_some()).unwrap());
    let info: HostInfo = answer.take().unwrap();
    let found: Vec<_> = info.socket_addrs(80).collect();
    assert_eq!(found, [to, sim.link_local_addr(near, 80)]);
}
