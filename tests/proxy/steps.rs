//! What comes early, late, or from elsewhere while a proxy is spoken to.

use super::*;
use slotwire::{NetworkLayerProtocol, OpenMode};

#[on_every_network]
fn a_proxy_that_answers_before_it_is_asked_still_hears_the_request(net: &Net) {
    for (user, answers) in [("", b"\x05\x00".as_slice()), ("joe", b"\x05\x02\x01\x00")] {
        let mut rt = net.runtime();
        let (socket, _, listener) =
            begin(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials(user, ""));
        let mut proxy = caller(&mut rt, &listener);
        proxy.write_all(&[answers, SUCCESS].concat()).unwrap();
        wait_until(&mut rt, is(SocketState::Connected, socket));
        rt[socket].write_all(b"data").unwrap();
        rt[socket].disconnect_from_host();
        let heard = read_to_end(&mut rt, &mut proxy);
        assert!(heard.ends_with(&[REQUEST, b"data"].concat()), "{heard:?}");
    }
}

#[on_every_network]
fn a_wait_finds_early_bytes_that_fill_the_buffer(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    rt[socket].set_read_buffer_size(Some(4));
    let plays = caller(&mut rt, &listener).go([
        Deed::Read(3),
        Deed::Write(b"\x05\x00".to_vec()),
        Deed::Read(22),
        Deed::Write([SUCCESS, b"hello"].concat()),
        Deed::ReadToEnd,
    ]);
    assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)));
    assert_eq!(rt[socket].peek(5), b"hello");
    rt[socket].abort();
    plays.end_or_fail(&mut rt);
}

#[on_every_network]
fn the_family_that_is_asked_for_is_the_peers_and_not_the_proxys(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].set_proxy(NetworkProxy::socks5("127.0.0.1", port));
    let (mode, family) = (OpenMode::READ_WRITE, NetworkLayerProtocol::Ipv6);
    rt[socket].connect_to_host_with("example.invalid", 80, mode, family);
    let mut proxy = caller(&mut rt, &listener);
    let_through(&mut rt, &mut proxy, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
}

#[on_every_network]
fn an_address_of_another_family_than_that_asked_for_is_not_found_and_told_to_no_proxy(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let told = [NetworkProxy::none(), NetworkProxy::socks5("127.0.0.1", port)].map(|proxy| {
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        rt[socket].set_proxy(proxy);
        let (mode, family) = (OpenMode::READ_WRITE, NetworkLayerProtocol::Ipv6);
        rt[socket].connect_to_host_with("127.0.0.1", port, mode, family);
        wait_until(&mut rt, |_| journal.has("HostNotFound while Unconnected"));
        journal.take()
    });
    assert_eq!(told[0], told[1]);
    assert!(listener.accept_now().is_none());
}

#[on_every_network]
fn a_slot_that_disconnects_takes_no_answer_of_another_slot_away(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |world, _| {
        world[socket].disconnect_from_host();
    });
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |_, asked| {
        asked.authenticator.set_user("ann");
    });
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    proxy.write_all(b"\x05\xff").unwrap();
    let mut again = caller(&mut rt, &listener);
    hear(&mut rt, &mut again, b"\x05\x01\x02");
    again.write_all(b"\x05\x00").unwrap();
    hear(&mut rt, &mut again, REQUEST);
    again.write_all(SUCCESS).unwrap();
    // As it was asked to, it ends the connection when it is established.
    wait_until(&mut rt, |_| journal.has("disconnected"));
}

/// A slot that goes on for so many emissions that its turn is put aside.
fn lengthen_turns(rt: &mut Runtime, udp: Obj<QUdpSocket>) {
    #[derive(QObject, Default)]
    struct Chain {
        left: std::cell::Cell<u32>,
        #[signal]
        link: Signal<()>,
    }

    #[slots]
    impl Chain {
        #[slot]
        fn go_on(&mut self) {
            self.left.set(self.left.get() - 1);
            if self.left.get() > 0 {
                self.link.emit(());
            }
        }
    }

    let chain = rt.add(Chain { left: std::cell::Cell::new(100_000), ..Chain::default() });
    rt.connect(chain, Chain::link, chain, Chain::go_on);
    rt.connect_fn(udp, QUdpSocket::state_changed, move |world, _| {
        world.emit(chain, Chain::link, ())
    });
}

/// The step that finds out that there is no route waits in a turn that was put aside.
#[on_every_network]
fn a_wait_goes_past_no_proxy(net: &Net) {
    let mut rt = net.runtime();
    let (_stranger, to) = net.udp_peer();
    let udp = rt.add(QUdpSocket::new());
    rt[udp].set_proxy(NetworkProxy::http("127.0.0.1", 1));
    lengthen_turns(&mut rt, udp);
    rt.post(move |world| world[udp].connect_to_host(&to.ip().to_string(), to.port()));
    turn(&mut rt);
    assert_eq!(rt[udp].state(), SocketState::HostLookup);
    assert!(!rt.wait_for_connected(udp, Some(DEADLINE)));
    assert_eq!(rt[udp].error(), Some(SocketError::UnsupportedSocketOperation));
    assert!(rt[udp].write(b"past it").is_err());
}

#[on_every_network]
fn a_bound_socket_does_not_connect_through_a_proxy(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].bind(any_port().ip(), 0, BindMode::DEFAULT).unwrap();
    rt[socket].set_proxy(NetworkProxy::socks5("127.0.0.1", port));
    rt[socket].connect_to_host("example.invalid", 80);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    assert_eq!(rt[socket].error(), Some(SocketError::UnsupportedSocketOperation));
    assert!(listener.accept_now().is_none());
}
