//! Peers and applications that are slower than the other side: limits hold, and nothing is lost.

use super::*;

/// A small buffer of the kernel's, in bytes.
const LEAST: usize = 4096;

/// A connected socket and its peer, with as little room in the kernel on the way there as it
/// allows. The peer does not block.
fn narrow_pair(rt: &mut Runtime) -> (Obj<QTcpSocket>, TcpStream) {
    let open = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let listener = open();
    // What is accepted inherits it. Later it would be too late: the kernel would have promised
    // more, and drop what comes.
    listener.set_recv_buffer_size(LEAST).unwrap();
    listener.bind(&any_port().into()).unwrap();
    listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", address.port());
    wait_until(rt, |world| world[socket].state() == SocketState::Connected);
    settle(rt);
    rt[socket].set_socket_option(SocketOption::SendBufferSize(LEAST)).unwrap();
    let peer: TcpStream = listener.accept().unwrap().0.into();
    peer.set_nonblocking(true).unwrap();
    (socket, peer)
}

/// Reads what there is, up to the size of the buffer.
fn read_some(peer: &mut TcpStream, buffer: &mut [u8]) -> usize {
    match peer.read(buffer) {
        Ok(count) => count,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => panic!("the peer cannot read: {error}"),
    }
}

#[test]
fn a_peer_that_reads_byte_by_byte_gets_all_of_it_and_the_limit_holds() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = narrow_pair(&mut rt);
    rt[socket].set_write_buffer_limit(Some(1000));
    let drained = rt.spy(socket, QTcpSocket::write_buffer_drained);
    let data = noise(30_000);
    let (mut written, mut received) = (0, Vec::new());
    let (mut refused, mut is_refused) = (0, false);
    while received.len() < data.len() {
        if !is_refused && written < data.len() {
            match rt[socket].write(&data[written..]) {
                Ok(count) => written += count,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    (refused, is_refused) = (refused + 1, true);
                    drained.take();
                }
            }
        }
        assert!(rt[socket].bytes_to_write() <= 1000);
        turn(&mut rt);
        is_refused &= drained.is_empty();
        let mut byte = [0];
        match read_some(&mut peer, &mut byte) {
            0 => drop(rt.process_events(Some(Duration::from_millis(1))).unwrap()),
            _ => received.extend(byte),
        }
    }
    assert!(received == data);
    assert!(refused > 0, "the limit was never reached");
}

#[test]
fn an_application_that_reads_byte_by_byte_gets_all_of_it_and_the_limit_holds() {
    let mut rt = Runtime::new().unwrap();
    let (socket, peer) = connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(100));
    let data = noise(20_000);
    let writing = write_in_thread(&peer, data.clone());
    let mut received = Vec::new();
    while received.len() < data.len() {
        wait_until(&mut rt, |world| world[socket].bytes_available() > 0);
        assert!(rt[socket].bytes_available() <= 100);
        received.push(rt[socket].get_char().unwrap());
        turn(&mut rt);
    }
    writing.join().unwrap();
    assert!(received == data);
    assert!(!turn(&mut rt), "it spins");
}

#[test]
fn a_peer_that_drips_is_understood() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = connected_pair(&mut rt);
    peer.set_nodelay(true).unwrap();
    let lines = Rc::new(RefCell::new(Vec::new()));
    let heard = lines.clone();
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        while let Some(line) = world[socket].read_line_string() {
            heard.borrow_mut().push(line);
        }
    });
    let arrived = rt.spy(socket, QTcpSocket::ready_read);
    let said: Vec<String> = (0..100).map(|number| format!("line {number}, drip by drip")).collect();
    let bytes = said.join("\r\n") + "\r\n";
    for byte in bytes.bytes() {
        peer.write_all(&[byte]).unwrap();
        wait_until(&mut rt, |_| !arrived.is_empty());
        assert_eq!(arrived.take().len(), 1);
    }
    assert_eq!(*lines.borrow(), said);
}

#[test]
fn a_flood_while_the_application_pauses_stays_with_the_peer() {
    const LIMIT: usize = 64 * 1024;
    let mut rt = Runtime::new().unwrap();
    let (socket, peer) = connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(LIMIT));
    let data = noise(64 << 20);
    let writing = write_in_thread(&peer, data.clone());
    let mut read = 0;
    let mut pauses = 0;
    while read < data.len() {
        // Once in every 4 MiB it pauses, until the buffer is full and the loop has come to rest.
        if read >> 22 >= pauses && data.len() - read > LIMIT {
            wait_until(&mut rt, |world| world[socket].bytes_available() == LIMIT);
            settle(&mut rt);
            assert_eq!(rt[socket].bytes_available(), LIMIT);
            pauses += 1;
        }
        wait_until(&mut rt, |world| world[socket].bytes_available() > 0);
        assert!(rt[socket].bytes_available() <= LIMIT);
        let next = rt[socket].read_all();
        assert!(next == data[read..read + next.len()]);
        read += next.len();
    }
    writing.join().unwrap();
    assert_eq!(pauses, 16);
}

#[test]
fn many_peers_that_do_not_read_hold_no_more_than_the_limit_each_and_get_it_all_later() {
    const LIMIT: usize = 10_000;
    let mut rt = Runtime::new().unwrap();
    let data = Rc::new(noise(300_000));
    let sockets = Rc::new(RefCell::new(Vec::new()));
    let (added, sent) = (sockets.clone(), data.clone());
    let (_, port) = server(&mut rt, move |world, socket| {
        world[socket].set_write_buffer_limit(Some(LIMIT));
        world[socket].set_socket_option(SocketOption::SendBufferSize(LEAST)).unwrap();
        let (written, sent) = (Rc::new(Cell::new(0)), sent.clone());
        let go_on = move |world: &mut World, _: &()| {
            while let Ok(count) = world[socket].write(&sent[written.get()..]) {
                written.set(written.get() + count);
                if written.get() == sent.len() {
                    return world[socket].disconnect_from_host();
                }
            }
        };
        go_on(world, &());
        world.connect_fn(socket, QTcpSocket::write_buffer_drained, go_on);
        added.borrow_mut().push(socket);
    });
    let mut peers: Vec<_> = (0..100).map(|_| dial(port)).collect();
    wait_until(&mut rt, |_| sockets.borrow().len() == peers.len());
    settle(&mut rt);
    for &socket in sockets.borrow().iter() {
        assert!((LIMIT / 2..=LIMIT).contains(&rt[socket].bytes_to_write()));
    }
    for peer in &mut peers {
        assert!(read_to_end(&mut rt, peer) == *data);
    }
}
