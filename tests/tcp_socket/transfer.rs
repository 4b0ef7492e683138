//! Reading and writing.

use super::*;

#[test]
fn data_is_announced_once_for_each_arrival() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
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

#[test]
fn what_the_peer_sent_before_it_closed_stays_readable() {
    for resets in [false, true] {
        for at in ["error", "Closing", "Unconnected", "read_channel_finished", "disconnected"] {
            let mut rt = Runtime::new().unwrap();
            let (socket, mut peer, journal) = connected(&mut rt);
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
            assert_eq!(journal.take()[1..], LOST, "{at}");
            assert!(seen.get(), "{at}");
            assert_eq!(rt[socket].read_line_string().as_deref(), Some("words"), "{at}");
            assert_eq!(rt[socket].read(&mut [0]).unwrap(), 0);
            assert_eq!((rt[socket].peer_port(), rt[socket].local_port()), (None, None));
        }
    }
}

#[test]
fn data_and_end_that_come_together_are_both_told() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    let data = noise(300_000);
    let sent = data.clone();
    let writer = std::thread::spawn(move || peer.write_all(&sent).unwrap());
    wait_until(&mut rt, |_| journal.has("disconnected"));
    writer.join().unwrap();
    settle(&mut rt);
    let said = journal.take();
    let said: Vec<_> = said.into_iter().filter(|entry| entry != "ready_read").collect();
    assert_eq!(said, LOST);
    assert!(rt[socket].read_all() == data);
}

#[test]
fn bytes_that_come_one_by_one_are_all_there() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, _) = connected(&mut rt);
    peer.set_nodelay(true).unwrap();
    for (count, byte) in (1..).zip(noise(200)) {
        peer.write_all(&[byte]).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == count);
    }
    assert_eq!(rt[socket].read_all(), noise(200));
}

#[test]
fn ten_mebibytes_come_and_go_unharmed() {
    let mut rt = Runtime::new().unwrap();
    let (socket, peer, _) = connected(&mut rt);
    let data = noise(10 << 20);
    let (mut reader, expected) = (peer.try_clone().unwrap(), data.len());
    let reading = std::thread::spawn(move || {
        let mut all = vec![0; expected];
        reader.read_exact(&mut all).unwrap();
        all
    });
    let writing = write_in_thread(&peer, data.clone());
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
    assert!(reading.join().unwrap() == data);
    writing.join().unwrap();
}

#[test]
fn sockets_that_flood_do_not_starve_others() {
    let mut rt = Runtime::new().unwrap();
    let mut floods = Vec::new();
    for _ in 0..2 {
        let (socket, peer) = connected_pair(&mut rt);
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            world[socket].read_all();
        });
        let mut end = peer.try_clone().unwrap();
        let flood = std::thread::spawn(move || while end.write_all(&[0; 1 << 16]).is_ok() {});
        floods.push((peer, flood));
    }
    let (quiet, mut peer) = connected_pair(&mut rt);
    rt.connect_fn(quiet, QTcpSocket::ready_read, move |world, _| {
        let heard = world[quiet].read_all();
        world[quiet].write_all(&heard)
    });
    for round in 0..100 {
        peer.write_all(&[round]).unwrap();
        assert_eq!(read_exactly(&mut rt, &mut peer, 1), [round]);
    }
    for (peer, flood) in floods {
        peer.shutdown(Shutdown::Both).unwrap();
        flood.join().unwrap();
    }
}

#[test]
fn a_socket_with_much_to_send_lets_others_have_their_turn() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, _) = connected(&mut rt);
    let written = rt.spy(socket, QTcpSocket::bytes_written);
    let data = noise(12 << 20);
    rt[socket].write_all(&data).unwrap();
    let reading = std::thread::spawn(move || {
        let mut all = vec![0; 12 << 20];
        peer.read_exact(&mut all).unwrap();
        all
    });
    wait_until(&mut rt, |world| world[socket].bytes_to_write() == 0);
    assert!(reading.join().unwrap() == data);
    let written = written.take();
    assert_eq!(written.iter().sum::<usize>(), data.len());
    assert!(written.iter().all(|&count| count <= 1 << 20), "{written:?}");
}

#[test]
fn a_socket_that_has_had_its_turn_goes_on_though_nothing_stops_it() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, _) = connected(&mut rt);
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

#[test]
fn writing_to_a_peer_that_has_reset_ends_in_one_error() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    peer.write_all(b"last words").unwrap();
    reset(peer);
    rt[socket].write_all(b"anybody there?").unwrap();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    let said: Vec<_> =
        journal.take().into_iter().filter(|entry| !entry.starts_with("bytes_")).collect();
    assert_eq!(said[said.len() - 5..], LOST);
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

#[test]
fn many_lines_that_come_at_once_are_announced_in_order() {
    const LINES: u32 = 50_000;
    let mut rt = Runtime::new().unwrap();
    let (socket, peer) = connected_pair(&mut rt);
    let lines = rt.add(Lines { socket, line: Signal::new() });
    let spy = rt.spy(lines, Lines::line);
    let text: String = (0..LINES).map(|line| format!("{line}\n")).collect();
    let writer = write_in_thread(&peer, text.into_bytes());
    wait_until(&mut rt, |_| spy.len() == LINES as usize);
    writer.join().unwrap();
    assert!(spy.take().into_iter().eq(0..LINES));
}

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

#[test]
fn a_large_write_counts_as_waiting_until_it_is_announced() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
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

#[test]
fn a_large_write_is_announced_before_the_end() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
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

#[test]
fn large_and_small_writes_keep_their_order() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = connected_pair(&mut rt);
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
