//! Datagrams as values.

use std::net::SocketAddr;

use slotwire::NetworkDatagram;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn a_datagram_is_what_it_was_made_of() {
    let mut datagram = NetworkDatagram::new("data", address("192.0.2.1:5000"));
    assert_eq!(datagram.data(), b"data");
    assert_eq!(datagram.destination_address(), Some(address("192.0.2.1:5000").ip()));
    assert_eq!(datagram.destination_port(), Some(5000));
    assert_eq!((datagram.sender(), datagram.interface_index()), (None, None));
    assert_eq!((datagram.hop_limit(), datagram.is_truncated()), (None, false));
    datagram.set_data("more");
    datagram.set_hop_limit(Some(3));
    datagram.set_interface_index(Some(2));
    assert_eq!((datagram.hop_limit(), datagram.interface_index()), (Some(3), Some(2)));
    datagram.set_interface_index(Some(0));
    assert_eq!(datagram.interface_index(), None);
    assert_eq!(datagram.clone().into_data(), b"more");
    datagram.clear();
    assert_eq!(datagram, NetworkDatagram::default());
}

#[test]
fn a_datagram_is_valid_with_a_sender_or_a_destination() {
    let mut datagram = NetworkDatagram::from(b"data".to_vec());
    assert!(datagram.is_null() && !datagram.is_valid());
    datagram.set_sender(Some(address("192.0.2.1:1")));
    assert!(datagram.is_valid());
    datagram.set_sender(None);
    datagram.set_destination(Some(address("[2001:db8::1]:1")));
    assert!(datagram.is_valid() && !datagram.is_null());
}

#[test]
fn a_reply_goes_back_by_the_same_way() {
    let mut question = NetworkDatagram::new("question", address("192.0.2.1:5000"));
    question.set_sender(Some(address("192.0.2.2:6000")));
    question.set_interface_index(Some(4));
    question.set_hop_limit(Some(9));
    let reply = question.make_reply("answer");
    assert_eq!(reply.data(), b"answer");
    assert_eq!(reply.sender(), question.destination());
    assert_eq!(reply.destination(), question.sender());
    assert_eq!((reply.interface_index(), reply.hop_limit()), (Some(4), None));
}

#[test]
fn a_reply_keeps_the_scopes_of_the_addresses() {
    let mut question = NetworkDatagram::new("question", address("[fe80::1%3]:5000"));
    question.set_sender(Some(address("[fe80::2%3]:6000")));
    let reply = question.make_reply("answer");
    assert_eq!(reply.sender(), Some(address("[fe80::1%3]:5000")));
    assert_eq!(reply.destination(), Some(address("[fe80::2%3]:6000")));
}

#[test]
fn a_reply_never_comes_from_a_group() {
    for everybody in ["224.0.0.251:5353", "[ff02::fb]:5353", "255.255.255.255:5353"] {
        let mut question = NetworkDatagram::new("question", address(everybody));
        question.set_sender(Some(address("192.0.2.2:6000")));
        assert_eq!(question.make_reply("answer").sender(), None, "{everybody}");
    }
}
