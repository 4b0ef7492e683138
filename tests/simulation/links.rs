//! What links do to connections: delay, loss, narrowness, cuts.

use super::*;

/// Has `count` bytes go from a socket of `near` to a plain one of `far` over a link; returns how long
/// it took until the last was there.
fn time_for(link: Link, count: usize) -> Duration {
    let (mut sim, near, far) = two_hosts(3);
    sim.set_link(near, far, link);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    let began = sim.elapsed();
    let sent = noise(count);
    sim[near][socket].write_all(&sent).unwrap();
    let mut heard = Vec::new();
    let is_there = |_: &Simulation| {
        heard.extend(read_all(&mut peer).0);
        heard.len() == count
    };
    assert!(sim.run_until(HOUR, is_there).unwrap());
    assert_eq!(heard, sent);
    sim.elapsed() - began
}

#[test]
fn bytes_take_the_time_of_the_way() {
    let link = Link::new().with_latency(Duration::from_millis(70));
    assert_eq!(time_for(link, 100), Duration::from_millis(70));
}

#[test]
fn more_than_the_window_takes_the_way_there_and_back() {
    let link = Link::new().with_latency(Duration::from_millis(70));
    // 128 KiB at a time, of which the acknowledgement takes as long as they do.
    let took = time_for(link, 400_000);
    assert_eq!(took, Duration::from_millis(70 * 7));
}

#[test]
fn a_narrow_link_takes_its_time() {
    let link = Link::new().with_bandwidth(Some(10_000));
    let took = time_for(link, 100_000);
    assert!(took >= 10 * SECOND && took < 11 * SECOND, "{took:?}");
}

#[test]
fn loss_is_delay_and_nothing_else() {
    let whole = Link::new();
    let took = time_for(whole.clone(), 300_000);
    let lossy = time_for(whole.with_loss(0.1), 300_000);
    assert!(lossy > took + SECOND / 5, "{took:?}, {lossy:?}");
}

#[test]
fn splitting_and_overtaking_change_nothing_but_the_pieces() {
    let rough = Link::new().with_splitting(0.9).with_jitter(Duration::from_millis(30));
    time_for(rough, 100_000);
    let (mut sim, near, far) = two_hosts(5);
    sim.set_link(near, far, Link::new().with_splitting(1.0));
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    let ready = sim[near].spy(socket, QTcpSocket::ready_read);
    peer.write_all(&noise(500)).unwrap();
    sim.run_for(SECOND).unwrap();
    assert_eq!(sim[near][socket].read_all(), noise(500));
    assert!(!ready.is_empty());
}

#[test]
fn what_was_sent_into_a_cut_arrives_when_it_is_mended() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    sim.partition(near, far);
    sim[near][socket].write_all(b"hello").unwrap();
    sim.run_for(MINUTE).unwrap();
    assert_eq!(read_all(&mut peer), (vec![], false));
    assert_eq!(sim[near][socket].state(), SocketState::Connected);
    sim.repair(near, far);
    sim.run_for(2 * MINUTE).unwrap();
    assert_eq!(read_all(&mut peer), (b"hello".to_vec(), false));
}

#[test]
fn a_cut_that_stays_is_found_out_by_who_sends() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, peer) = connected_pair_on(&mut sim, near, far);
    let journal = journal_of(&mut sim[near], socket);
    sim.partition(near, far);
    sim[near][socket].write_all(b"hello").unwrap();
    sim.run_for(10 * MINUTE).unwrap();
    assert_eq!(journal.take(), ["bytes_written 5"]);
    sim.run_for(10 * MINUTE).unwrap();
    let mut said = vec!["SocketTimeout while Connected"];
    said.extend(["Closing", "Unconnected", "read_channel_finished", "disconnected"]);
    assert_eq!(journal.take(), said);
    assert_eq!(sim[far][peer].state(), SocketState::Connected, "nobody told the other");
}

#[test]
fn who_does_not_read_stops_who_sends() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, peer) = connected_pair_on(&mut sim, near, far);
    sim[far][peer].set_read_buffer_size(Some(1000));
    let sent = noise(2_000_000);
    sim[near][socket].write_all(&sent).unwrap();
    sim.run_for(HOUR).unwrap();
    let left = sim[near][socket].bytes_to_write();
    assert!(left > 1_500_000, "{left}");
    assert_eq!(sim[far][peer].bytes_available(), 1000);
    let mut heard = Vec::new();
    while heard.len() < sent.len() {
        let before = heard.len();
        heard.extend(sim[far][peer].read_all());
        sim.run_for(SECOND).unwrap();
        assert!(heard.len() > before, "it came to a stop after {before} bytes");
    }
    assert_eq!(heard, sent);
    assert_eq!(sim[near][socket].bytes_to_write(), 0);
}

#[test]
fn a_port_that_closes_swallows_what_is_sent_to_the_connections_it_has() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    let port = peer.local_addr().unwrap().port();
    sim.close_port(far, port);
    sim[near][socket].write_all(b"hello").unwrap();
    peer.write_all(b"are you there?").unwrap();
    sim.run_for(MINUTE).unwrap();
    assert_eq!(read_all(&mut peer), (vec![], false));
    assert_eq!(sim[near][socket].read_all(), b"are you there?", "what it sends goes out");
    sim.open_port(far, port);
    sim.run_for(2 * MINUTE).unwrap();
    assert_eq!(read_all(&mut peer), (b"hello".to_vec(), false));
    sim.close_port(far, port);
    sim[near][socket].write_all(b"hello?").unwrap();
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn a_larger_receive_buffer_lets_who_sends_go_on() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    sim[near][socket].set_read_buffer_size(Some(10));
    let mut pour = |sim: &mut Simulation| {
        let mut count = 0;
        while let Ok(more) = peer.write(&[0; 4096]) {
            count += more;
            sim.run_for(SECOND).unwrap();
        }
        count
    };
    assert!(pour(&mut sim) > 100_000);
    let larger = slotwire::SocketOption::ReceiveBufferSize(200_000);
    sim[near][socket].set_socket_option(larger).unwrap();
    sim.run_for(MINUTE).unwrap();
    assert!(pour(&mut sim) > 100_000);
}

#[test]
fn the_packets_of_a_path_are_those_of_its_link() {
    let (mut sim, near, far) = two_hosts(3);
    sim.set_link(near, far, Link::new().with_mtu(1400));
    let (socket, _peer) = connected_to_plain(&mut sim, near, far);
    let of_path = slotwire::OptionName::PathMtu;
    let mtu = sim[near][socket].socket_option(of_path).unwrap();
    assert_eq!(mtu, slotwire::SocketOption::PathMtu(1400));
    let (datagrams, to) = (sim[near].add(QUdpSocket::new()), (sim.addresses(far)[0], 7).into());
    sim[near][datagrams].connect_to_address(to, OpenMode::READ_WRITE);
    sim.settle().unwrap();
    assert_eq!(sim[near][datagrams].socket_option(of_path).unwrap(), mtu);
}

#[test]
fn an_option_that_changes_no_room_sends_nothing() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, _peer) = connected_to_plain(&mut sim, near, far);
    sim.run_for(MINUTE).unwrap();
    for option in [
        slotwire::SocketOption::LowDelay(true),
        slotwire::SocketOption::SendBufferSize(100_000),
        slotwire::SocketOption::ReceiveBufferSize(50_000),
    ] {
        sim[near][socket].set_socket_option(option).unwrap();
        assert_eq!(sim.next_event(), None, "{option:?}");
    }
}

#[test]
fn a_larger_send_buffer_is_told_to_who_waits_for_room() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, _peer) = connected_to_plain(&mut sim, near, far);
    let option = slotwire::SocketOption::SendBufferSize(10_000);
    sim[near][socket].set_socket_option(option).unwrap();
    sim[near][socket].write_all(&noise(500_000)).unwrap();
    sim.run_for(MINUTE).unwrap();
    let before = sim[near][socket].bytes_to_write();
    let option = slotwire::SocketOption::SendBufferSize(100_000);
    sim[near][socket].set_socket_option(option).unwrap();
    sim.run_for(MINUTE).unwrap();
    let gone = before - sim[near][socket].bytes_to_write();
    assert!(gone > 100_000, "{gone} of {before}");
}
