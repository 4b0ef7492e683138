//! Connections of which one end is closed.

use super::*;

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn what_the_peer_asked_can_be_answered_after_it_has_finished(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_allow_half_open(true);
    assert!(rt[socket].allow_half_open());
    peer.write_all(b"question").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    wait_until(&mut rt, |_| journal.has("read_channel_finished"));
    assert_eq!(journal.take(), ["ready_read", "read_channel_finished"]);
    assert_eq!(rt[socket].read_all(), b"question");
    assert_eq!(rt[socket].read(&mut [0]).unwrap(), 0);
    assert_eq!(rt[socket].state(), SocketState::Connected);
    for _ in 0..20 {
        turn(&mut rt);
    }
    assert!(!turn(&mut rt), "it spins");
    rt[socket].write_all(b"answer").unwrap();
    rt[socket].shutdown_write();
    assert_eq!(read_to_end(&mut rt, &mut peer), b"answer");
    wait_until(&mut rt, |_| journal.has("disconnected"));
    assert_eq!(journal.take(), ["bytes_written 6", "Closing", "Unconnected", "disconnected"]);
    assert_eq!(rt[socket].error(), None);
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn the_peers_answer_is_read_after_this_end_was_closed(net: &Net) {
    for half_open in [true, false] {
        let mut rt = net.runtime();
        let (socket, mut peer, journal) = connected(net, &mut rt);
        rt[socket].set_allow_half_open(half_open);
        rt[socket].write_all(b"question").unwrap();
        rt[socket].shutdown_write();
        rt[socket].shutdown_write();
        assert_eq!(rt[socket].write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(read_to_end(&mut rt, &mut peer), b"question");
        assert_eq!(rt[socket].state(), SocketState::Connected);
        peer.write_all(b"answer").unwrap();
        drop(peer);
        wait_until(&mut rt, |_| journal.has("disconnected"));
        assert_eq!(rt[socket].read_all(), b"answer");
        let error = (!half_open).then_some(SocketError::RemoteHostClosed);
        assert_eq!(rt[socket].error(), error);
        assert_eq!(journal.count("read_channel_finished"), 1);
    }
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn this_end_may_be_closed_before_the_connection_stands(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("127.0.0.1", port);
    rt[socket].write_all(b"question").unwrap();
    rt[socket].shutdown_write();
    assert_eq!(rt[socket].write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
    wait_until(&mut rt, |_| journal.has("connected"));
    let mut peer = listener.accept().0;
    assert_eq!(read_to_end(&mut rt, &mut peer), b"question");
    assert_eq!(rt[socket].state(), SocketState::Connected);
    rt[socket].abort();
    rt[socket].connect_to_host("127.0.0.1", port);
    rt[socket].write_all(b"another").unwrap();
}

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_half_open_connection_that_is_reset_ends_with_an_error(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer, journal) = connected(net, &mut rt);
    rt[socket].set_allow_half_open(true);
    peer.shutdown(Shutdown::Write).unwrap();
    wait_until(&mut rt, |_| journal.has("read_channel_finished"));
    reset(peer);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    assert_eq!(rt[socket].error(), Some(SocketError::RemoteHostClosed));
    assert_eq!(journal.count("read_channel_finished"), 1);
}

#[on_every_network_and_layer]
fn a_reset_that_is_found_as_this_end_is_closed_is_told_before_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_allow_half_open(true);
    peer.write_all(b"question").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    wait_until(&mut rt, |_| journal.has("read_channel_finished"));
    // The buffer is too full to look further.
    rt[socket].set_read_buffer_size(Some(4));
    reset(peer);
    settle(&mut rt);
    journal.take();
    assert_eq!(rt[socket].read_all(), b"question");
    rt[socket].shutdown_write();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    let told = journal.take();
    assert_eq!(told[told.len() - 3..], ["Closing", "Unconnected", "disconnected"], "{told:?}");
}

#[on_every_network_and_layer]
fn a_new_connection_is_open_at_both_ends_again(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, peer, journal) = connected(net, &mut rt);
    rt[socket].set_allow_half_open(true);
    rt[socket].shutdown_write();
    drop(peer);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |_| journal.has("connected"));
    let mut peer = listener.accept().0;
    rt[socket].write_all(b"again").unwrap();
    peer.write_all(b"yes").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 5), b"again");
    wait_until(&mut rt, |world| world[socket].bytes_available() == 3);
}

#[on_every_network_and_layer]
fn a_connection_whose_ends_are_both_closed_cannot_be_reset_any_more(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_allow_half_open(true);
    peer.write_all(b"?").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    // A proxy may end both directions as soon as one has ended: what the peer has said is here by then.
    wait_until(&mut rt, |_| journal.has("read_channel_finished"));
    rt[socket].shutdown_write();
    turn(&mut rt);
    rt[socket].abort();
    settle(&mut rt);
    assert_eq!(peer.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
}
