//! A line on which frames get lost, spoilt, doubled and overtaken, and which is cut for a while.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use super::line::{FAR, Weather, between};
use super::namespace::in_own_network_with;
use super::*;

const PORT: u16 = 7755;

/// How many connections there are, and how much each carries, in both directions.
const FLOWS: usize = 30;
const LENGTH: usize = 500_000;

/// Sees that the weather was as bad as it was to be.
fn check(weather: &Weather) {
    for what in [&weather.lost, &weather.spoilt, &weather.doubled, &weather.late] {
        assert!(what.load(Ordering::Relaxed) > 0, "{weather:?}");
    }
}

/// Connects to the other end, sends and gets back all of it, with the line cut in the middle.
fn send_and_compare(weather: &Arc<Weather>) {
    let mut rt = Runtime::new().unwrap();
    weather.wait(&mut rt, |weather| weather.far_end_is_up.load(Ordering::Relaxed));
    let sockets: Vec<_> = (0..FLOWS).map(|_| rt.add(QTcpSocket::new())).collect();
    let errors: Vec<_> =
        sockets.iter().map(|&socket| rt.spy(socket, QTcpSocket::error_occurred)).collect();
    for &socket in &sockets {
        rt[socket].connect_to_address((FAR, PORT).into(), OpenMode::READ_WRITE);
    }
    let are_all =
        |world: &World, state| sockets.iter().all(|&socket| world[socket].state() == state);
    wait_until(&mut rt, |world| are_all(world, SocketState::Connected));
    weather.is_bad.store(true, Ordering::Relaxed);
    let data = noise(LENGTH + FLOWS);
    for (number, &socket) in sockets.iter().enumerate() {
        rt[socket].write_all(&data[number..][..LENGTH]).unwrap();
    }
    let received = |world: &World| -> usize {
        sockets.iter().map(|&socket| world[socket].bytes_available()).sum()
    };
    wait_until(&mut rt, |world| received(world) >= FLOWS * LENGTH / 2);
    weather.is_cut.store(true, Ordering::Relaxed);
    weather.wait(&mut rt, |weather| weather.cut_off.load(Ordering::Relaxed) >= 3 * FLOWS);
    weather.is_cut.store(false, Ordering::Relaxed);
    wait_until(&mut rt, |world| received(world) >= FLOWS * LENGTH);
    check(weather);
    for (number, &socket) in sockets.iter().enumerate() {
        assert!(rt[socket].read_all() == data[number..][..LENGTH]);
        rt[socket].disconnect_from_host();
    }
    wait_until(&mut rt, |world| are_all(world, SocketState::Unconnected));
    assert!(errors.iter().all(slotwire::SignalSpy::is_empty));
}

/// Sends back whatever comes until all connections have come and gone.
fn send_back(weather: &Arc<Weather>) {
    let mut rt = Runtime::new().unwrap();
    let server = rt.add(QTcpServer::new());
    rt[server].listen((FAR, PORT)).unwrap();
    weather.far_end_is_up.store(true, Ordering::Relaxed);
    let came = Rc::new(Cell::new(0));
    let count = came.clone();
    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
        while let Some(socket) = world[server].next_pending_connection() {
            count.set(count.get() + 1);
            echo(world, socket);
        }
    });
    wait_until(&mut rt, |world| came.get() == FLOWS && world.len() == 1);
}

#[test]
fn connections_over_a_bad_line_lose_nothing() {
    in_own_network_with(
        "ethtool --version",
        "impairment::connections_over_a_bad_line_lose_nothing",
        || {
            between(1, send_and_compare, send_back);
        },
    );
}

/// How many datagrams are sent.
const DATAGRAMS: usize = 2000;

/// The datagram of this number, which says what it is and how long. One in ten is cut into
/// fragments on its way.
fn datagram(number: usize) -> Vec<u8> {
    let length = if number.is_multiple_of(10) { 5000 } else { 20 + number % 1000 };
    let mut bytes = noise(length);
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}

/// Sends datagrams in bad weather, and the first and the last in fair weather.
fn send_datagrams(weather: &Arc<Weather>) {
    let to: SocketAddr = (FAR, PORT).into();
    let mut rt = Runtime::new().unwrap();
    weather.wait(&mut rt, |weather| weather.far_end_is_up.load(Ordering::Relaxed));
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT).unwrap();
    let answers = Rc::new(RefCell::new(Vec::new()));
    let heard = answers.clone();
    rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
        while let Some(answer) = world[socket].receive_datagram(None)? {
            heard.borrow_mut().push(answer.into_data());
        }
        Ok::<_, NetError>(())
    });
    let ask = |rt: &mut Runtime, number, patience| {
        rt[socket].write_datagram(&datagram(number), to).unwrap();
        let is_answer = |answer: &Vec<u8>| *answer == datagram(number)[..8];
        rt.run_until(patience, |_| answers.borrow().iter().any(is_answer)).unwrap()
    };
    // What is sent before the kernel knows that the line is up does not even come to it.
    assert!((0..3000).any(|_| ask(&mut rt, 0, Duration::from_millis(10))));
    weather.is_bad.store(true, Ordering::Relaxed);
    // A few at a time, so that no queue on the way runs over: all of a few do not get lost.
    for first in (1..DATAGRAMS).step_by(10) {
        for number in first..DATAGRAMS.min(first + 10) {
            rt[socket].write_datagram(&datagram(number), to).unwrap();
        }
        weather.wait(&mut rt, |weather| weather.arrived.load(Ordering::Relaxed) >= first);
    }
    check(weather);
    weather.is_bad.store(false, Ordering::Relaxed);
    assert!(ask(&mut rt, DATAGRAMS, DEADLINE));
}

/// Receives datagrams up to the last, and answers that and the first.
fn receive_datagrams(weather: &Arc<Weather>) {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(BindAddress::AnyIpv4, PORT, BindMode::DEFAULT).unwrap();
    weather.far_end_is_up.store(true, Ordering::Relaxed);
    let received = Rc::new(RefCell::new(BTreeSet::new()));
    let (noted, arrived) = (received.clone(), weather.clone());
    rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
        while let Some(came) = world[socket].receive_datagram(None)? {
            let number = u64::from_be_bytes(came.data()[..8].try_into().unwrap());
            let number = usize::try_from(number).unwrap();
            assert!(came.data() == datagram(number), "datagram {number} is not what was sent");
            noted.borrow_mut().insert(number);
            arrived.arrived.fetch_max(number, Ordering::Relaxed);
            if number == 0 || number == DATAGRAMS {
                world[socket].send_datagram(&came.make_reply(&came.data()[..8]))?;
            }
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    });
    // Each frame that does not arrive costs one datagram at most.
    let missing = || weather.lost.load(Ordering::Relaxed) + weather.spoilt.load(Ordering::Relaxed);
    wait_until(&mut rt, |_| {
        let received = received.borrow();
        received.contains(&DATAGRAMS) && received.len() + missing() > DATAGRAMS
    });
}

#[test]
fn datagrams_over_a_bad_line_come_whole_or_not_at_all() {
    in_own_network_with(
        "ethtool --version",
        "impairment::datagrams_over_a_bad_line_come_whole_or_not_at_all",
        || {
            between(2, send_datagrams, receive_datagrams);
        },
    );
}
