//! Datagrams with what is said of their way, sent and received within this host.
//!
//! What arrives is what was sent: the bytes, as many as were asked for, and what was said of the
//! way. What cannot be sent is refused, and nothing arrives of it. An answer goes back to the
//! sender, from where the datagram was sent to.

#![no_main]

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use slotwire::NetworkDatagram;
use slotwire::prelude::*;

#[derive(Arbitrary, Debug)]
struct Letter {
    to: Place,
    data: Vec<u8>,
    source: Option<IpAddr>,
    interface: Interface,
    hop_limit: Option<u8>,
    max: Option<u16>,
    answer: Vec<u8>,
}

/// A place within this host: a fuzzer does not talk to others.
#[derive(Arbitrary, Debug)]
enum Place {
    V4 { last: u8 },
    V4AsV6 { last: u8 },
    V6,
}

impl Place {
    fn address(&self) -> IpAddr {
        match *self {
            Self::V4 { last } => Ipv4Addr::new(127, 0, 0, last).into(),
            Self::V4AsV6 { last } => Ipv4Addr::new(127, 0, 0, last).to_ipv6_mapped().into(),
            Self::V6 => Ipv6Addr::LOCALHOST.into(),
        }
    }
}

#[derive(Arbitrary, Debug)]
enum Interface {
    Unsaid,
    /// The loopback interface is the first of every host.
    Loopback,
    /// No interface has such a number.
    None(u16),
}

impl Interface {
    fn index(&self) -> Option<u32> {
        match *self {
            Self::Unsaid => None,
            Self::Loopback => Some(1),
            Self::None(number) => Some(u32::MAX - u32::from(number)),
        }
    }
}

/// Two sockets, each of which can reach the other by both protocols.
struct Bench {
    rt: Runtime,
    sender: Obj<QUdpSocket>,
    receiver: Obj<QUdpSocket>,
}

impl Bench {
    fn new() -> Self {
        let mut rt = Runtime::new().expect("a runtime takes three descriptors");
        let [sender, receiver] = [(); 2].map(|()| {
            let socket = rt.add(QUdpSocket::new());
            rt[socket].bind(BindAddress::Any, 0, BindMode::DEFAULT).expect("any port will do");
            socket
        });
        Self { rt, sender, receiver }
    }

    fn port(&self, socket: Obj<QUdpSocket>) -> u16 {
        self.rt[socket].local_port().expect("it is bound")
    }

    fn receive(&mut self, by: Obj<QUdpSocket>, max: Option<usize>) -> Option<NetworkDatagram> {
        self.rt[by].receive_datagram(max).expect("nothing was refused")
    }

    fn deliver(&mut self, letter: Letter) {
        let to = SocketAddr::new(letter.to.address(), self.port(self.receiver));
        let mut datagram = NetworkDatagram::new(letter.data, to);
        datagram.set_sender(letter.source.map(|source| SocketAddr::new(source, 0)));
        datagram.set_interface_index(letter.interface.index());
        datagram.set_hop_limit(letter.hop_limit);
        let (sender, receiver) = (self.sender, self.receiver);
        let sent = self.rt[sender].send_datagram(&datagram);
        let max = letter.max.map(usize::from);
        let received = self.receive(receiver, max);
        match sent {
            Ok(count) => {
                assert_eq!(count, datagram.data().len());
                let received = received.expect("nothing is lost within this host");
                self.arrived(&datagram, &received, max);
                self.answer(&received, letter.answer);
            }
            Err(error) => {
                assert_eq!(received, None, "{error}");
                let is_plain = letter.source.is_none()
                    && matches!(letter.interface, Interface::Unsaid | Interface::Loopback)
                    && letter.hop_limit != Some(0)
                    && !matches!(
                        letter.to,
                        Place::V4 { last: 0 | 255 } | Place::V4AsV6 { last: 0 | 255 }
                    );
                assert!(!is_plain, "{error}");
            }
        }
        assert_eq!(self.receive(receiver, None), None);
    }

    /// Asserts that what arrived is what was sent.
    fn arrived(&self, sent: &NetworkDatagram, got: &NetworkDatagram, max: Option<usize>) {
        let len = sent.data().len().min(max.unwrap_or(usize::MAX));
        assert_eq!(got.data(), &sent.data()[..len]);
        assert_eq!(got.is_truncated(), len < sent.data().len());
        assert_eq!(got.sender_port(), Some(self.port(self.sender)));
        assert_eq!(got.destination_port(), sent.destination_port());
        let canonical = |address: Option<IpAddr>| address.map(|address| address.to_canonical());
        assert_eq!(got.destination_address(), canonical(sent.destination_address()));
        let said = canonical(sent.sender_address()).filter(|source| !source.is_unspecified());
        assert!(said.is_none() || got.sender_address() == said);
        assert!(sent.hop_limit().is_none() || got.hop_limit() == sent.hop_limit());
        assert_eq!(got.interface_index(), Some(1), "it came by the loopback interface");
    }

    /// Sends an answer, and asserts that it comes back.
    fn answer(&mut self, letter: &NetworkDatagram, data: Vec<u8>) {
        let answer = letter.make_reply(data);
        assert_eq!(answer.destination(), letter.sender());
        let (sender, receiver) = (self.sender, self.receiver);
        self.rt[receiver].send_datagram(&answer).expect("the sender was reached from there");
        let back = self.receive(sender, None).expect("nothing is lost within this host");
        assert_eq!(back.data(), answer.data());
        assert_eq!(back.sender(), letter.destination());
    }
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

fuzz_target!(|letter: Letter| {
    BENCH.with_borrow_mut(|bench| bench.get_or_insert_with(Bench::new).deliver(letter));
});
