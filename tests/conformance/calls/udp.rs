//! Calls of `QUdpSocket`.

use std::net::SocketAddr;

use serde_json::{Value, json};
use slotwire::NetworkInterface;
use slotwire::prelude::*;

use super::{done, socket};
use crate::answer::{Answer, Missing, Outcome};
use crate::args::Args;

pub(super) fn get(socket: &QUdpSocket, name: &str) -> Option<Answer> {
    Some(match name {
        "hasPendingDatagrams" => socket.has_pending_datagrams().into(),
        "pendingDatagramSize" => socket.pending_datagram_size().map_or((-1).into(), Answer::from),
        "multicastInterface" => {
            let interface = socket.multicast_interface().ok().flatten();
            interface.map(|interface| interface.name().to_owned()).into()
        }
        _ => return None,
    })
}

pub(super) fn call(socket: &mut QUdpSocket, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "bind" => socket::bind(socket, args),
        "readDatagram" => args.length(0).map(|max| read_datagram(socket, max)),
        "receiveDatagram" => receive_datagram(socket, args),
        "writeDatagram" => write_datagram(socket, args),
        "joinMulticastGroup" if args.len() > 1 => interface(args, 1).and_then(|interface| {
            Ok(socket.join_multicast_group_on(args.ip(0)?, &interface).is_ok().into())
        }),
        "joinMulticastGroup" => {
            args.ip(0).map(|group| socket.join_multicast_group(group).is_ok().into())
        }
        "leaveMulticastGroup" if args.len() > 1 => interface(args, 1).and_then(|interface| {
            Ok(socket.leave_multicast_group_on(args.ip(0)?, &interface).is_ok().into())
        }),
        "leaveMulticastGroup" => {
            args.ip(0).map(|group| socket.leave_multicast_group(group).is_ok().into())
        }
        // Qt says nothing of how it went.
        "setMulticastInterface" => interface(args, 0)
            .map(|interface| done!(drop(socket.set_multicast_interface(&interface)))),
        _ => return None,
    })
}

fn read_datagram(socket: &mut QUdpSocket, max: usize) -> Answer {
    let mut data = vec![0; max];
    match socket.read_datagram(&mut data) {
        Ok((size, sender)) => {
            data.truncate(size);
            Answer::Record(vec![
                ("ret".to_owned(), data.len().into()),
                ("data".to_owned(), Answer::Bytes(data)),
                ("sender".to_owned(), show_address(Some(sender))),
                ("senderPort".to_owned(), Answer::Port(sender.port())),
            ])
        }
        Err(_) => Value::Null.into(),
    }
}

/// An invalid datagram is what Qt has for none.
fn receive_datagram(socket: &mut QUdpSocket, args: &Args<'_>) -> Outcome {
    let max = match args.len() {
        0 => None,
        // -1 is no limit.
        _ => usize::try_from(args.number(0)?).ok(),
    };
    let received = socket.receive_datagram(max).ok().flatten();
    let datagram = received.unwrap_or_default();
    let (sender, destination) = (datagram.sender(), datagram.destination());
    let port = |address: Option<SocketAddr>| Answer::Port(address.map_or(0, |a| a.port()));
    let hop_limit = datagram.hop_limit().map_or(json!(-1), Value::from);
    Ok(Answer::Record(vec![
        ("valid".to_owned(), datagram.is_valid().into()),
        ("data".to_owned(), Answer::Bytes(datagram.data().to_vec())),
        ("sender".to_owned(), show_address(sender)),
        ("senderPort".to_owned(), port(sender)),
        ("dest".to_owned(), show_address(destination)),
        ("destPort".to_owned(), port(destination)),
        ("hopLimit".to_owned(), hop_limit.into()),
        ("interfaceIndexSet".to_owned(), datagram.interface_index().is_some().into()),
    ]))
}

fn write_datagram(socket: &mut QUdpSocket, args: &Args<'_>) -> Outcome {
    let (bytes, to) = (args.bytes(0)?, SocketAddr::new(args.ip(1)?, args.port(2)?));
    Ok(match socket.write_datagram(&bytes, to) {
        Ok(count) => count.into(),
        Err(_) => (-1).into(),
    })
}

fn interface(args: &Args<'_>, index: usize) -> Result<NetworkInterface, Missing> {
    let name = args.interface(index)?;
    NetworkInterface::from_name(name).map_err(|_| Missing(format!("the interface {name}")))
}

/// An address with its scope, as Qt shows it.
fn show_address(address: Option<SocketAddr>) -> Answer {
    match address {
        Some(SocketAddr::V6(address)) if address.scope_id() != 0 => {
            format!("{}%{}", address.ip(), address.scope_id()).into()
        }
        address => super::show_address(address.map(|address| address.ip())),
    }
}
