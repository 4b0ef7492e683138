//! What has come is written on, to another socket or back to the peer.

use super::*;
use slotwire::OpenMode;

/// Connects the socket's `ready_read` to sending back.
fn echo_always(rt: &mut Runtime, socket: Obj<QTcpSocket>) {
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, ()| {
        world[socket].echo().unwrap();
    });
}

#[on_every_network_and_layer]
fn a_socket_sends_back_what_comes(net: &Net) {
    for mode in [OpenMode::READ_WRITE, OpenMode::READ_WRITE | OpenMode::UNBUFFERED] {
        for len in [5, 1_000_000] {
            let mut rt = net.runtime();
            let (socket, peer, journal) = connected(net, &mut rt);
            rt[socket].set_open_mode(mode);
            echo_always(&mut rt, socket);
            let data = noise(len);
            let talk = peer.go([Deed::Write(data.clone()), Deed::Read(len), Deed::Close]);
            wait_until(&mut rt, |_| journal.has("disconnected"));
            assert!(talk.end(&mut rt) == data);
        }
    }
}

#[on_every_network_and_layer]
fn what_a_socket_sends_back_is_sent_before_another_socket_reads(net: &Net) {
    let mut rt = net.runtime();
    let mut pairs: Vec<_> = (0..3).map(|_| net.connected_pair(&mut rt)).collect();
    let journal = Rc::new(RefCell::new(Vec::new()));
    for &(socket, _) in &pairs {
        echo_always(&mut rt, socket);
        let heard = journal.clone();
        rt.connect_fn(socket, QTcpSocket::ready_read, move |_, ()| {
            heard.borrow_mut().push((socket, 0));
        });
        let sent = journal.clone();
        rt.connect_fn(socket, QTcpSocket::bytes_written, move |_, &count| {
            sent.borrow_mut().push((socket, count));
        });
    }
    for (_, peer) in &mut pairs {
        peer.write_all(b"hello").unwrap();
    }
    wait_until(&mut rt, |_| journal.borrow().len() == 6);
    for entries in journal.borrow().chunks(2) {
        assert_eq!(entries, [(entries[0].0, 0), (entries[0].0, 5)]);
    }
}

#[on_every_network_and_layer]
fn what_a_socket_receives_goes_on_to_another_in_its_order(net: &Net) {
    let mut rt = net.runtime();
    let (near, near_peer, _) = connected(net, &mut rt);
    let (far, far_peer, journal) = connected(net, &mut rt);
    rt[far].set_write_buffer_limit(Some(100_000));
    for (sender, signal) in
        [(near, QTcpSocket::ready_read as fn(&_) -> &_), (far, QTcpSocket::write_buffer_drained)]
    {
        rt.connect_fn(sender, signal, move |world, ()| {
            let (near, far) = world.pair(near, far).unwrap();
            near.forward_to(far).unwrap();
            assert!(far.bytes_to_write() <= 100_000);
        });
    }
    let data = noise(3_000_000);
    let writing = near_peer.go([Deed::Write(data.clone())]);
    let reading = far_peer.go([Deed::Read(data.len()), Deed::Close]);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    writing.end(&mut rt);
    assert!(reading.end(&mut rt) == data);
}

#[on_every_network_and_layer]
fn a_write_limit_leaves_the_rest_to_be_read(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_write_buffer_limit(Some(10));
    peer.write_all(b"more than ten bytes").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 19);
    assert_eq!(rt[socket].echo().unwrap(), 10);
    assert_eq!(rt[socket].echo().unwrap(), 0);
    assert_eq!(rt[socket].peek(100), b"ten bytes");
    wait_until(&mut rt, |_| journal.has("bytes_written 10"));
    assert_eq!(rt[socket].echo().unwrap(), 9);
    assert_eq!(read_exactly(&mut rt, &mut peer, 19), b"more than ten bytes");
}

#[on_every_network_and_layer]
fn nothing_is_sent_back_to_a_peer_that_has_gone(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    peer.write_all(b"last words").unwrap();
    drop(peer);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    assert_eq!(rt[socket].echo().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(rt[socket].read_all(), b"last words");
}
