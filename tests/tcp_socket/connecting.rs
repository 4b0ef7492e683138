//! Making connections.

use super::*;

#[on_every_network_and_layer(no_proxy = "the peer sees the port of the proxy")]
fn a_connection_by_address_goes_through_the_states_in_order(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("127.0.0.1", port);
    assert_eq!(rt[socket].state(), SocketState::HostLookup);
    assert!(rt[socket].is_open());
    assert_eq!((rt[socket].peer_name(), rt[socket].peer_port()), ("127.0.0.1", None));
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(journal.take(), CONNECTING);
    let (_peer, from) = listener.accept();
    assert_eq!(rt[socket].local_port(), Some(from.port()));
    assert_eq!(rt[socket].peer_port(), Some(port));
    assert_eq!(rt[socket].error(), None);
}

#[on_every_network_and_layer(no_proxy = "the proxy looks the name up")]
fn a_connection_by_name_goes_through_the_states_in_order(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("localhost", port);
    rt.deliver();
    assert_eq!(journal.take(), ["HostLookup"]);
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(journal.take(), CONNECTING[1..]);
}

#[on_every_network_and_layer(no_proxy = "the proxy looks the name up")]
fn a_name_without_address_is_not_found(net: &Net) {
    let mut rt = net.runtime();
    for name in ["no-such-host.invalid", "", "nul\0byte"] {
        let (socket, journal) = socket(&mut rt);
        rt[socket].connect_to_host(name, 1);
        wait_until(&mut rt, is_unconnected(socket));
        settle(&mut rt);
        let expected = ["HostLookup", "Unconnected", "HostNotFound while Unconnected"];
        assert_eq!(journal.take(), expected, "{name:?}");
        assert_eq!(rt[socket].error(), Some(SocketError::HostNotFound));
        assert!(rt[socket].os_error().is_some());
    }
}

#[on_every_network_and_layer(proxy_carries = "refusals")]
fn a_refused_connection_says_so_when_it_is_unconnected(net: &Net) {
    assert_refuses(net, net.closed_port());
}

#[on_every_network_and_layer(no_proxy = "a proxy may say of this port that it is none")]
fn nobody_listens_at_port_zero(net: &Net) {
    assert_refuses(net, 0);
}

fn assert_refuses(net: &Net, port: u16) {
    let mut rt = net.runtime();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("127.0.0.1", port);
    rt[socket].write_all(b"lost").unwrap();
    wait_until(&mut rt, is_unconnected(socket));
    settle(&mut rt);
    let expected = [
        "HostLookup",
        "Connecting",
        "host_found",
        "Unconnected",
        "ConnectionRefused while Unconnected",
    ];
    assert_eq!(journal.take(), expected);
    assert_eq!(rt[socket].bytes_to_write(), 0);
}

#[on_every_network_and_layer(no_proxy = "it is the proxy that does not answer in time")]
fn an_address_that_does_not_answer_is_given_up_after_the_timeout(net: &Net) {
    let (address, _full) = net.full_listener();
    let (mut rt, clock) = net.timed_runtime();
    let port = address.port();
    let (socket, journal) = socket(&mut rt);
    rt[socket].set_connect_timeout(Some(Duration::from_secs(5)));
    rt[socket].connect_to_host("127.0.0.1", port);
    rt.process_events(None).unwrap();
    assert!(rt.run_until(Duration::from_secs(60), is_unconnected(socket)).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(5));
    let expected = [
        "HostLookup",
        "Connecting",
        "host_found",
        "Unconnected",
        "SocketTimeout while Unconnected",
    ];
    settle(&mut rt);
    assert_eq!(journal.take(), expected);
    assert_eq!(rt.next_deadline(), None);
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn what_is_asked_of_a_socket_before_it_has_a_runtime_is_done_in_it(net: &Net) {
    type End = fn(&mut QTcpSocket);
    let ends: [(End, SocketState); 2] = [
        (|socket| socket.disconnect_from_host(), SocketState::Unconnected),
        (|socket| socket.shutdown_write(), SocketState::Connected),
    ];
    for (end, state) in ends {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let mut unborn = QTcpSocket::new();
        unborn.set_allow_half_open(true);
        unborn.connect_to_host("127.0.0.1", port);
        unborn.write_all(b"hello").unwrap();
        end(&mut unborn);
        let socket = rt.add(unborn);
        let mut peer = caller(&mut rt, &listener);
        assert_eq!(read_to_end(&mut rt, &mut peer), b"hello");
        settle(&mut rt);
        assert_eq!(rt[socket].state(), state);
    }
}

#[on_every_network_and_layer]
fn what_is_written_before_the_connection_stands_is_sent_then(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    assert!(rt[socket].write(b"too early").is_err());
    rt[socket].connect_to_host("127.0.0.1", port);
    rt[socket].write_all(b"hello, ").unwrap();
    once_at(&mut rt, socket, "connected", move |world| world[socket].write_all(b"you").unwrap());
    wait_until(&mut rt, |_| journal.has("connected"));
    let mut peer = listener.accept().0;
    assert_eq!(read_exactly(&mut rt, &mut peer, 10), b"hello, you");
    assert_eq!(journal.take()[5..], ["bytes_written 10"]);
}

#[on_every_network_and_layer]
fn a_socket_that_is_added_later_starts_then_with_what_was_written(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let mut early = QTcpSocket::new();
    early.connect_to_host("127.0.0.1", port);
    early.write_all(b"early").unwrap();
    early.disconnect_from_host();
    let socket = rt.add(early);
    let journal = journal_of(&mut rt, socket);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    let mut peer = listener.accept().0;
    assert_eq!(read_to_end(&mut rt, &mut peer), b"early");
    assert_eq!(journal.take()[2..6], ["Connected", "connected", "Closing", "bytes_written 5"]);
}

#[on_every_network_and_layer]
fn a_refused_socket_may_try_elsewhere_in_the_slot_that_tells_so(net: &Net) {
    for at in ["error", "Unconnected"] {
        let mut rt = net.runtime();
        let (_listener, port) = net.listener();
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| {
            world[socket].connect_to_host("127.0.0.1", port);
        });
        rt[socket].connect_to_host("127.0.0.1", net.closed_port());
        wait_until(&mut rt, |_| journal.has("connected"));
        assert_eq!(rt[socket].state(), SocketState::Connected);
    }
}

#[on_every_network_and_layer]
fn connecting_a_socket_that_is_busy_changes_nothing(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    for at in ["Connecting", "connected"] {
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| world[socket].connect_to_host("::1", 1));
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| journal.has("connected"));
        settle(&mut rt);
        let said = journal.take();
        let errors = said.iter().filter(|entry| entry.starts_with("Operation while")).count();
        assert_eq!((errors, said.len()), (1, 6), "{at}: {said:?}");
        assert_eq!(rt[socket].error(), Some(SocketError::Operation));
        assert_eq!(rt[socket].peer_name(), "127.0.0.1");
    }
}

#[test]
fn a_socket_knows_its_classes_and_signals() {
    let meta = QTcpSocket::static_meta_object();
    let classes = std::iter::successors(Some(meta), |class| class.super_class());
    let names: Vec<_> = classes.map(|class| class.class_name()).collect();
    assert_eq!(names, ["QTcpSocket", "QAbstractSocket", "QIODevice"]);
    for slot in ["close", "abort", "disconnect_from_host"] {
        assert!(meta.slot(slot).is_some(), "{slot}");
    }
    let signals: Vec<_> =
        meta.signals().iter().map(|signal| (signal.name(), signal.argument())).collect();
    assert_eq!(
        signals,
        [
            ("ready_read", "()"),
            ("bytes_written", "usize"),
            ("about_to_close", "()"),
            ("read_channel_finished", "()"),
            ("channel_ready_read", "usize"),
            ("channel_bytes_written", "(usize, usize)"),
            ("host_found", "()"),
            ("connected", "()"),
            ("disconnected", "()"),
            ("state_changed", "SocketState"),
            ("error_occurred", "SocketError"),
            ("write_buffer_drained", "()"),
            ("proxy_authentication_required", "ProxyAuthentication"),
        ]
    );
    assert_eq!(QUdpSocket::static_meta_object().signals(), meta.signals());
}

#[on_every_network_and_layer(no_layer, no_proxy = "the peer speaks before the loop could greet it")]
fn a_connection_that_ends_in_the_moment_that_it_is_made_is_seen_to_end(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, _journal) = socket(&mut rt);
    rt[socket].connect_to_host("127.0.0.1", port);
    rt.deliver(); // it is on its way, and the loop has not looked yet
    let (mut peer, _) = listener.accept();
    peer.write_all(b"hello and good-bye").unwrap();
    drop(peer);
    wait_until(&mut rt, is_unconnected(socket));
    assert_eq!(rt[socket].error(), Some(SocketError::RemoteHostClosed));
    assert_eq!(rt[socket].read_all(), b"hello and good-bye");
}

/// Talks to itself.
#[derive(QObject, Default)]
struct Busy {
    #[signal]
    said: Signal<u32>,
}

#[test]
fn the_answer_to_a_lookup_does_not_overtake_what_the_socket_has_emitted_before() {
    let (listener, port) = std_listener();
    let mut rt = Runtime::new().unwrap();
    let busy = rt.add(Busy::default());
    rt.connect_fn_on(busy, Busy::said, busy, |busy, _, &left| {
        if left > 0 {
            busy.said.emit(left - 1);
        }
    });
    let socket = rt.add(QTcpSocket::new());
    let states = Rc::new(RefCell::new(Vec::new()));
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    rt.deliver();
    let noted = states.clone();
    rt.connect_fn(socket, QAbstractSocket::state_changed, move |_, &state| {
        noted.borrow_mut().push(state);
    });
    rt.connect_fn(socket, QAbstractSocket::disconnected, move |world, _| {
        world.emit(busy, Busy::said, 900_000);
        world[socket].connect_to_host("localhost", port);
    });
    let (peer, _) = listener.accept().unwrap();
    drop(peer);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    settle(&mut rt);
    let states = states.borrow();
    let [lookup, connecting] = [SocketState::HostLookup, SocketState::Connecting]
        .map(|state| states.iter().position(|&noted| noted == state));
    assert!(lookup < connecting, "{states:?}");
}

#[on_every_network]
fn an_accepted_socket_that_its_class_calls_unconnected_is_connected_to_the_system(net: &Net) {
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::new());
    rt[server].listen(any_port()).unwrap();
    let _peer = net.dial(rt[server].server_port().unwrap());
    wait_until(&mut rt, |world| world[server].has_pending_connections());
    let socket = rt[server].next_pending_connection().unwrap();
    rt[socket].set_socket_state(SocketState::Unconnected);
    rt[socket].connect_to_host("127.0.0.1", net.listener().1);
    wait_until(&mut rt, |world| world[socket].error().is_some());
    let system = rt[socket].os_error().and_then(rustix::io::Errno::from_io_error);
    assert_eq!(system, Some(rustix::io::Errno::ISCONN));
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}
