//! Routes that lead nowhere, from the start or from some moment on.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Instant;

use rustix::io::Errno;

use super::namespace::{in_own_network, ip, set_knob};
use super::*;

/// Makes routes that lead nowhere, and says for an address behind each what the system answers and
/// what that is to be called.
fn dead_ends() -> Vec<(SocketAddr, Errno, SocketError)> {
    for (v4, v6, kind) in [
        ("198.51.100.0/24", "2001:db8:1::/48", "unreachable"),
        ("203.0.113.0/24", "2001:db8:2::/48", "prohibit"),
        ("192.0.2.0/24", "2001:db8:3::/48", "blackhole"),
    ] {
        ip(&format!("route add {kind} {v4}\nroute add {kind} {v6}"));
    }
    [
        ("198.51.100.1:80", Errno::HOSTUNREACH, SocketError::Network),
        ("[2001:db8:1::1]:80", Errno::HOSTUNREACH, SocketError::Network),
        ("203.0.113.1:80", Errno::ACCESS, SocketError::SocketAccess),
        ("[2001:db8:2::1]:80", Errno::ACCESS, SocketError::SocketAccess),
        ("192.0.2.1:80", Errno::INVAL, SocketError::Network),
        ("[2001:db8:3::1]:80", Errno::INVAL, SocketError::Network),
        // Where no route leads at all.
        ("10.0.0.1:80", Errno::NETUNREACH, SocketError::Network),
        ("[2001:db8:4::1]:80", Errno::NETUNREACH, SocketError::Network),
    ]
    .map(|(address, errno, kind)| (address.parse().unwrap(), errno, kind))
    .into()
}

fn errno_of(world: &World, socket: Obj<impl QAbstractSocket>) -> Option<Errno> {
    Errno::from_io_error(world[socket].os_error()?)
}

#[test]
fn connecting_where_no_route_leads_fails_as_the_route_says() {
    in_own_network("routes::connecting_where_no_route_leads_fails_as_the_route_says", || {
        let mut rt = Runtime::new().unwrap();
        let dead_ends = dead_ends();
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        for (address, errno, kind) in dead_ends {
            rt[socket].connect_to_address(address, OpenMode::READ_WRITE);
            settle(&mut rt);
            let failed = format!("{kind:?} while Unconnected");
            let expected = ["HostLookup", "Connecting", "host_found", "Unconnected", &failed];
            assert_eq!(journal.take(), expected, "{address}");
            assert_eq!(errno_of(&rt, socket), Some(errno), "{address}");
        }
        // It is as good as new.
        let (_listener, port) = std_listener();
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    });
}

#[test]
fn datagrams_to_where_no_route_leads_fail_as_the_route_says() {
    in_own_network("routes::datagrams_to_where_no_route_leads_fail_as_the_route_says", || {
        let mut rt = Runtime::new().unwrap();
        for (address, errno, kind) in dead_ends() {
            let socket = rt.add(QUdpSocket::new());
            let errors = rt.spy(socket, QUdpSocket::error_occurred);
            rt[socket].bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap();
            let refused = rt[socket].write_datagram(b"?", address).unwrap_err();
            assert_eq!(refused.kind(), kind, "{address}");
            assert!(refused.to_string().contains(&address.to_string()), "{refused}");
            settle(&mut rt);
            assert_eq!(errors.take(), [kind]);
            assert_eq!(errno_of(&rt, socket), Some(errno), "{address}");
            // It stays bound, and others can be reached.
            let own: SocketAddr = (Ipv4Addr::LOCALHOST, rt[socket].local_port().unwrap()).into();
            rt[socket].write_datagram(b"!", own).unwrap();
            wait_until(&mut rt, |world| world[socket].has_pending_datagrams());
            rt[socket].abort();

            rt[socket].connect_to_address(address, OpenMode::READ_WRITE);
            settle(&mut rt);
            assert_eq!(rt[socket].state(), SocketState::Unconnected);
            assert_eq!(errors.take(), [kind]);
            rt.destroy(socket);
        }
    });
}

#[test]
fn a_neighbour_that_is_not_there_cannot_be_reached() {
    in_own_network("routes::a_neighbour_that_is_not_there_cannot_be_reached", || {
        ip("link add near type veth peer name far
            address add 10.9.0.1/24 dev near
            link set near up
            link set far up");
        // It is asked for once, and not for long.
        for (knob, value) in [("mcast_solicit", 1), ("retrans_time_ms", 10)] {
            set_knob(&format!("ipv4/neigh/near/{knob}"), value);
        }
        let mut rt = Runtime::new().unwrap();
        let socket = rt.add(QTcpSocket::new());
        let errors = rt.spy(socket, QTcpSocket::error_occurred);
        rt[socket].connect_to_host("10.9.0.2", 80);
        wait_until(&mut rt, |_| !errors.is_empty());
        assert_eq!(errors.take(), [SocketError::Network]);
        assert_eq!(errno_of(&rt, socket), Some(Errno::HOSTUNREACH));
        assert_eq!(rt[socket].state(), SocketState::Unconnected);
    });
}

/// What the kernel does about what was sent from a port of this network.
struct Retransmission {
    /// Something is on its way, and is sent again if no answer comes.
    is_due: bool,
    /// How often that was done.
    count: usize,
}

impl Retransmission {
    fn of(port: u16) -> Self {
        // The columns are those of proc_net_tcp in the kernel's documentation.
        let table = std::fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
        let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let own = format!(":{port:04X}");
        let row = rows.find(|row| row[1].ends_with(&own)).expect("the connection is there");
        let count = usize::from_str_radix(row[6], 16).unwrap();
        Self { is_due: row[5].starts_with("01:"), count }
    }
}

/// Runs the loop until the kernel has come so far.
fn wait_for(rt: &mut Runtime, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "what is waited for does not happen");
        rt.process_events(Some(Duration::from_millis(1))).unwrap();
    }
}

/// Connects to an address of this host that can be taken away, from one that stays.
fn connect_across(rt: &mut Runtime, to: &str) -> (Obj<QTcpSocket>, TcpStream) {
    ip(&format!("address add {to}/32 dev lo"));
    let address: IpAddr = to.parse().unwrap();
    let listener = TcpListener::bind((address, 0)).unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].bind(HOME, 0, BindMode::DEFAULT).unwrap();
    rt[socket].connect_to_address(listener.local_addr().unwrap(), OpenMode::READ_WRITE);
    wait_until(rt, |world| world[socket].state() == SocketState::Connected);
    settle(rt);
    (socket, listener.accept().unwrap().0)
}

/// The address that stays.
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1));

/// Takes addresses away, and has what is sent to them get lost without a word.
fn swallow(addresses: &[&str]) {
    let lines = addresses.iter().map(|address| {
        format!(
            "address delete {address}/32 dev lo
            route add {address} dev near src {HOME}
            neigh add {address} lladdr 02:00:00:00:00:02 dev near nud permanent\n"
        )
    });
    ip(&lines.collect::<String>());
}

/// The interface behind which there is nobody, and the address that stays.
fn prepare() {
    ip(&format!(
        "address add {HOME}/32 dev lo
        link add near type veth peer name far
        link set near up
        link set far up"
    ));
}

#[test]
fn a_connection_whose_route_goes_away_is_lost_as_the_route_says() {
    in_own_network("routes::a_connection_whose_route_goes_away_is_lost_as_the_route_says", || {
        prepare();
        let mut rt = Runtime::new().unwrap();
        let [gone, unreachable, silent] = ["10.9.0.2", "10.9.0.3", "10.9.0.4"];
        let ends = [
            (gone, Errno::NETUNREACH, SocketError::Network),
            (unreachable, Errno::HOSTUNREACH, SocketError::Network),
            (silent, Errno::TIMEDOUT, SocketError::SocketTimeout),
        ];
        let connections = ends.map(|(address, ..)| connect_across(&mut rt, address));
        let journals = connections.each_ref().map(|&(socket, _)| journal_of(&mut rt, socket));
        for (socket, peer) in &connections {
            write_in_thread(peer, b"before".to_vec()).join().unwrap();
            wait_until(&mut rt, |world| world[*socket].bytes_available() == 6);
        }
        swallow(&[gone, unreachable, silent]);
        for &(socket, _) in &connections {
            rt[socket].write_all(&noise(1 << 20)).unwrap();
        }
        let ports = connections.each_ref().map(|&(socket, _)| rt[socket].local_port().unwrap());
        wait_for(&mut rt, || ports.iter().all(|&port| Retransmission::of(port).is_due));
        // What was sent waits for an answer. It is what will be sent again that finds no way.
        ip(&format!("route delete {gone}\nroute replace unreachable {unreachable}"));
        let before = ports.map(|port| Retransmission::of(port).count);
        wait_for(&mut rt, || {
            ports.iter().zip(before).all(|(&port, before)| Retransmission::of(port).count > before)
        });
        // That was enough of it.
        set_knob("ipv4/tcp_retries2", 1);
        wait_until(&mut rt, |_| journals.iter().all(|journal| journal.has("disconnected")));
        settle(&mut rt);
        for (((socket, _), journal), (address, errno, kind)) in
            connections.iter().zip(&journals).zip(ends)
        {
            let mut said = journal.take();
            said.retain(|entry| !entry.starts_with("bytes_written") && entry != "ready_read");
            let lost = format!("{kind:?} while Connected");
            let expected =
                [&lost, "Closing", "Unconnected", "read_channel_finished", "disconnected"];
            assert_eq!(said, expected, "{address}");
            assert_eq!(errno_of(&rt, *socket), Some(errno), "{address}");
            assert_eq!(rt[*socket].bytes_to_write(), 0);
            assert_eq!(rt[*socket].read_all(), b"before");
        }
    });
}

#[test]
fn a_peer_that_falls_silent_is_missed_by_probes() {
    in_own_network("routes::a_peer_that_falls_silent_is_missed_by_probes", || {
        prepare();
        let mut rt = Runtime::new().unwrap();
        let (socket, _peer) = connect_across(&mut rt, "10.9.0.2");
        let journal = journal_of(&mut rt, socket);
        for option in [
            SocketOption::KeepAlive(true),
            SocketOption::KeepAliveIdle(Duration::from_secs(1)),
            SocketOption::KeepAliveInterval(Duration::from_secs(1)),
            SocketOption::KeepAliveCount(1),
        ] {
            rt[socket].set_socket_option(option).unwrap();
        }
        swallow(&["10.9.0.2"]);
        wait_until(&mut rt, |_| journal.has("disconnected"));
        assert_eq!(journal.count("SocketTimeout while Connected"), 1);
        assert_eq!(errno_of(&rt, socket), Some(Errno::TIMEDOUT));
    });
}
