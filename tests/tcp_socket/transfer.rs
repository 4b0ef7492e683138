//! Reading and writing.

use super::*;

#[on_every_network_and_layer]
fn data_is_announced_once_for_each_arrival(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    peer.write_all(b"hello").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
    for _ in 0..3 {
        turn(&mut rt);
    }
    assert_eq!(journal.take(), ["ready_read"]);
    assert_eq!(rt[socket].read_all(), b"hello");
    let would_block = rt[socket].read(&mut [0]).unwrap_err();
    assert_eq!(would_block.kind(), ErrorKind::WouldBlock);
}

#[on_every_network_and_layer]
fn what_the_peer_sent_before_it_closed_stays_readable(net: &Net) {
    for resets in [false, true] {
        for at in ["error", "Closing", "Unconnected", "read_channel_finished", "disconnected"] {
            let mut rt = net.runtime();
            let (socket, mut peer, journal) = connected(net, &mut rt);
            peer.write_all(b"last words").unwrap();
            wait_until(&mut rt, |world| world[socket].bytes_available() == 10);
            let seen = Rc::new(Cell::new(false));
            let look = seen.clone();
            once_at(&mut rt, socket, at, move |world| {
                look.set(true);
                let socket = &mut world[socket];
                assert!(socket.peer_port().is_some() && socket.local_port().is_some());
                assert_eq!(socket.read(&mut [0; 5]).unwrap(), 5);
            });
            if resets {
                reset(peer)
            } else {
                drop(peer)
            }
            wait_until(&mut rt, |_| journal.has("disconnected"));
            settle(&mut rt);
            let lost = if resets { lost_by_reset(net) } else { LOST.map(str::to_owned).to_vec() };
            assert_eq!(journal.take()[1..], lost, "{at}");
            assert!(seen.get(), "{at}");
            assert_eq!(rt[socket].read_line_string().as_deref(), Some("words"), "{at}");
            assert_eq!(rt[socket].read(&mut [0]).unwrap(), 0);
            assert_eq!((rt[socket].peer_port(), rt[socket].local_port()), (None, None));
        }
    }
}

#[on_every_network_and_layer]
fn data_and_end_that_come_together_are_both_told(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer, journal) = connected(net, &mut rt);
    let data = noise(300_000);
    let writing = peer.go([Deed::Write(data.clone()), Deed::Close]);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    writing.end(&mut rt);
    settle(&mut rt);
    let said = journal.take();
    let said: Vec<_> = said.into_iter().filter(|entry| entry != "ready_read").collect();
    assert_eq!(said, LOST);
    assert!(rt[socket].read_all() == data);
}

#[on_every_network_and_layer]
fn a_slot_of_ready_read_alone_never_gets_a_last_line_that_was_cut(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer, journal) = connected(net, &mut rt);
    let lines = Rc::new(RefCell::new(Vec::new()));
    let heard = lines.clone();
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, ()| {
        heard.borrow_mut().extend(std::iter::from_fn(|| world[socket].read_line_string()));
    });
    let writing = peer.go([Deed::Write(b"whole\ncut".to_vec()), Deed::Close]);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    writing.end(&mut rt);
    settle(&mut rt);
    assert_eq!(*lines.borrow(), ["whole"]);
    assert_eq!(rt[socket].read_line_string().as_deref(), Some("cut"));
}

#[on_every_network_and_layer]
fn bytes_that_come_one_by_one_are_all_there(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    for (count, byte) in (1..).zip(noise(200)) {
        peer.write_all(&[byte]).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == count);
    }
    assert_eq!(rt[socket].read_all(), noise(200));
}

#[on_every_network_and_layer]
fn ten_mebibytes_come_and_go_unharmed(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer, _) = connected(net, &mut rt);
    let data = noise(10 << 20);
    let exchange = peer.go([Deed::Exchange(data.len(), data.clone().into())]);
    rt[socket].write_all(&data).unwrap();
    let got = Rc::new(RefCell::new(Vec::new()));
    let all = got.clone();
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        all.borrow_mut().extend(world[socket].read_all());
    });
    wait_until(&mut rt, |world| {
        got.borrow().len() == data.len() && world[socket].bytes_to_write() == 0
    });
    assert!(*got.borrow() == data);
    assert!(exchange.end(&mut rt) == data);
}

#[on_every_network_and_layer]
fn sockets_that_flood_do_not_starve_others(net: &Net) {
    let mut rt = net.runtime();
    let mut floods = Vec::new();
    for _ in 0..2 {
        let (socket, peer) = net.connected_pair(&mut rt);
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            world[socket].read_all();
        });
        floods.push((socket, peer.go([Deed::Flood])));
    }
    let (quiet, mut peer) = net.connected_pair(&mut rt);
    rt.connect_fn(quiet, QTcpSocket::ready_read, move |world, _| {
        let heard = world[quiet].read_all();
        world[quiet].write_all(&heard)
    });
    for round in 0..100 {
        peer.write_all(&[round]).unwrap();
        assert_eq!(read_exactly(&mut rt, &mut peer, 1), [round]);
    }
    for (socket, flood) in floods {
        rt[socket].abort();
        flood.end(&mut rt);
    }
}

#[on_every_network_and_layer]
fn a_socket_with_much_to_send_lets_others_have_their_turn(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer, _) = connected(net, &mut rt);
    let written = rt.spy(socket, QTcpSocket::bytes_written);
    let data = noise(12 << 20);
    rt[socket].write_all(&data).unwrap();
    let reading = peer.go([Deed::Read(data.len())]);
    wait_until(&mut rt, |world| world[socket].bytes_to_write() == 0);
    assert!(reading.end(&mut rt) == data);
    let written = written.take();
    assert_eq!(written.iter().sum::<usize>(), data.len());
    assert!(written.iter().all(|&count| count <= 1 << 20), "{written:?}");
}

#[on_every_network_and_layer]
fn a_socket_with_a_long_answer_lets_others_have_their_turn(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    let written = rt.spy(socket, QTcpSocket::bytes_written);
    let data = noise(3 << 20);
    let answer = data.clone();
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, ()| {
        for piece in answer.chunks(1024) {
            world[socket].write_all(piece).unwrap();
        }
    });
    peer.write_all(b"?").unwrap();
    let reading = peer.go([Deed::Read(data.len())]);
    wait_until(&mut rt, |_| !written.is_empty());
    wait_until(&mut rt, |world| world[socket].bytes_to_write() == 0);
    assert!(reading.end(&mut rt) == data);
    let written = written.take();
    assert_eq!(written.iter().sum::<usize>(), data.len());
    assert!(written.iter().all(|&count| count <= 1 << 20), "{written:?}");
}

#[on_every_network_and_layer]
fn a_socket_that_has_had_its_turn_goes_on_though_nothing_stops_it(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    let written = rt.spy(socket, QTcpSocket::bytes_written);
    let data = noise(3 << 19);
    for piece in data.chunks(1024) {
        rt[socket].write_all(piece).unwrap();
    }
    assert!(read_exactly(&mut rt, &mut peer, data.len()) == data);
    settle(&mut rt);
    let written = written.take();
    assert_eq!(written.iter().sum::<usize>(), data.len());
    assert!(written.iter().all(|&count| count <= 1 << 20), "{written:?}");
}

#[on_every_network_and_layer]
fn writing_to_a_peer_that_has_reset_ends_in_one_error(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    peer.write_all(b"last words").unwrap();
    reset(peer);
    rt[socket].write_all(b"anybody there?").unwrap();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    let said: Vec<_> =
        journal.take().into_iter().filter(|entry| !entry.starts_with("bytes_")).collect();
    assert_eq!(said[said.len() - 5..], lost_by_reset(net));
}

/// Announces each line that comes.
#[derive(QObject)]
struct Lines {
    socket: Obj<QTcpSocket>,
    #[signal]
    line: Signal<u32>,
}

#[slots]
impl Lines {
    #[slot(socket.ready_read)]
    fn read(&mut self, cx: &mut Context<Self>) {
        while let Some(line) = cx[self.socket].read_line_string() {
            self.line.emit(line.parse().unwrap());
        }
    }
}

#[on_every_network_and_layer]
fn many_lines_that_come_at_once_are_announced_in_order(net: &Net) {
    const LINES: u32 = 50_000;
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let lines = rt.add(Lines { socket, line: Signal::new() });
    let spy = rt.spy(lines, Lines::line);
    let text: String = (0..LINES).map(|line| format!("{line}\n")).collect();
    let writing = peer.go([Deed::Write(text.into_bytes())]);
    wait_until(&mut rt, |_| spy.len() == LINES as usize);
    writing.end(&mut rt);
    assert!(spy.take().into_iter().eq(0..LINES));
}

/// On the kernel's network alone: the simulated one has no urgent data.
#[test]
fn urgent_data_stays_in_its_place_and_holds_nothing_up() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = connected_pair(&mut rt);
    peer.write_all(b"before ").unwrap();
    socket2::SockRef::from(&peer).send_out_of_band(b"!").unwrap();
    peer.write_all(b" after").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 14);
    assert_eq!(rt[socket].read_all(), b"before ! after");
}

#[on_every_network_and_layer]
fn a_large_write_counts_as_waiting_until_it_is_announced(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    let data = noise(100_000);
    rt[socket].write_all(&data[..40_000]).unwrap();
    rt[socket].write_all(&data[40_000..]).unwrap();
    assert_eq!(rt[socket].bytes_to_write(), 100_000);
    turn(&mut rt);
    assert_eq!(rt[socket].bytes_to_write(), 0);
    assert_eq!(journal.take(), ["bytes_written 100000"]);
    rt[socket].disconnect_from_host();
    assert!(read_to_end(&mut rt, &mut peer) == data);
}

#[on_every_network_and_layer]
fn a_large_write_is_announced_before_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    let data = noise(50_000);
    rt[socket].write_all(&data).unwrap();
    rt[socket].disconnect_from_host();
    assert!(read_to_end(&mut rt, &mut peer) == data);
    settle(&mut rt);
    assert_eq!(
        journal.take(),
        ["Closing", "bytes_written 50000", "Unconnected", "read_channel_finished", "disconnected"]
    );
}

#[on_every_network_and_layer]
fn large_and_small_writes_keep_their_order(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let data = noise(6 << 20);
    let mut rest = &data[..];
    // Far more than the kernel takes, so that some goes at once and some waits.
    for size in [10, 70_000, 3, 20_000, 2 << 20, 1, 3 << 20, 5].into_iter().cycle() {
        let (next, others) = rest.split_at(rest.len().min(size));
        rt[socket].write_all(next).unwrap();
        rest = others;
        if rest.is_empty() {
            break;
        }
    }
    rt[socket].disconnect_from_host();
    assert!(read_to_end(&mut rt, &mut peer) == data);
}

#[on_every_network]
fn a_socket_that_writes_without_end_sends_one_share_in_a_pass(net: &Net) {
    const SHARE: usize = 1 << 20;
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    let fill = move |world: &mut World| {
        for _ in 0..SHARE / 4096 {
            world[socket].write_all(&[0; 4096]).unwrap();
        }
    };
    let sent = Rc::new(Cell::new(0));
    let count = sent.clone();
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        world[socket].read_all();
        fill(world);
    });
    rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, bytes| {
        count.set(count.get() + bytes);
        fill(world);
    });
    peer.write_all(b"go").unwrap();
    while sent.get() == 0 {
        turn(&mut rt);
    }
    assert!(sent.get() <= SHARE, "{} bytes", sent.get());
}
