//! Listeners whose queue is full: the kernel does not answer any more.

use super::*;

const TIMED_OUT: &str = "SocketTimeout while Unconnected";

#[test]
fn connecting_to_a_full_listener_times_out_and_works_when_there_is_room() {
    let mut rt = Runtime::new().unwrap();
    let (address, mut kept) = full_listener();
    let sockets: Vec<_> = (0..20).map(|_| rt.add(QTcpSocket::new())).collect();
    let journals: Vec<_> = sockets.iter().map(|&socket| journal_of(&mut rt, socket)).collect();
    for &socket in &sockets {
        rt[socket].set_connect_timeout(Some(Duration::from_millis(50)));
        rt[socket].connect_to_host("127.0.0.1", address.port());
    }
    wait_until(&mut rt, |_| journals.iter().all(|journal| journal.has(TIMED_OUT)));
    settle(&mut rt);
    for (&socket, journal) in sockets.iter().zip(&journals) {
        let expected = ["HostLookup", "Connecting", "host_found", "Unconnected", TIMED_OUT];
        assert_eq!(journal.take(), expected);
        assert_eq!(rt[socket].error(), Some(SocketError::SocketTimeout));
    }
    // Those who wait go home, and whoever has come in is let in.
    kept.truncate(1);
    let listener: std::net::TcpListener = kept.remove(0).into();
    listener.set_nonblocking(true).unwrap();
    while listener.accept().is_ok() {}
    for &socket in &sockets {
        rt[socket].set_connect_timeout(None);
        rt[socket].connect_to_host("127.0.0.1", address.port());
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
        // The next finds room again.
        wait_until(&mut rt, |_| listener.accept().is_ok());
        assert_eq!(rt[socket].error(), None);
    }
}
#[test]
fn a_paused_server_with_a_full_backlog_serves_those_who_came_in_and_then_all_others() {
    let mut rt = Runtime::new().unwrap();
    let (server, _) = server(&mut rt, echo);
    rt[server].close();
    rt[server].set_listen_backlog_size(2);
    rt[server].listen(any_port()).unwrap();
    let port = rt[server].server_port().unwrap();
    rt[server].pause_accepting();
    let sockets: Vec<_> = (0..10).map(|_| rt.add(QTcpSocket::new())).collect();
    let refusals: Vec<_> =
        sockets.iter().map(|&socket| rt.spy(socket, QTcpSocket::error_occurred)).collect();
    for &socket in &sockets {
        rt[socket].set_connect_timeout(Some(Duration::from_millis(50)));
        rt[socket].connect_to_host("127.0.0.1", port);
    }
    // The kernel keeps one more than the backlog says.
    wait_until(&mut rt, |_| refusals.iter().filter(|refusals| !refusals.is_empty()).count() == 7);
    rt[server].resume_accepting();
    for (&socket, refusals) in sockets.iter().zip(&refusals) {
        let refused = refusals.take();
        if rt[socket].state() != SocketState::Connected {
            assert_eq!(refused, [SocketError::SocketTimeout]);
            rt[socket].set_connect_timeout(None);
            rt[socket].connect_to_host("127.0.0.1", port);
        }
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
        rt[socket].write_all(b"served").unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == 6);
    }
    assert!(refusals.iter().all(slotwire::SignalSpy::is_empty));
}
