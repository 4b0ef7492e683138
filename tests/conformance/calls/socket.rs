//! Calls of `QAbstractSocket`. Waiting is a call of the runtime.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use slotwire::prelude::*;
use slotwire::{
    BindAddress, BindMode, NetworkLayerProtocol, NetworkProxy, OpenMode, OptionName, SocketOption,
};

use super::{done, show_address, show_bound_address, show_port};
use crate::answer::{Answer, Missing, Outcome, missing};
use crate::args::{Address, Args};
use crate::names;

type Socket = dyn QAbstractSocket;

pub(super) fn get(socket: &Socket, name: &str) -> Option<Answer> {
    Some(match name {
        "state" => names::state(socket.state()).into(),
        "error" => names::error(socket.error()).into(),
        "socketType" => names::socket_type(socket.socket_type()).into(),
        "isValid" => socket.is_valid().into(),
        "localAddress" => show_bound_address(socket.bound_address()),
        "localPort" => show_port(socket.local_port()),
        "peerAddress" => show_address(socket.peer_address()),
        "peerPort" => show_port(socket.peer_port()),
        "peerName" => socket.peer_name().into(),
        "readBufferSize" => socket.read_buffer_size().unwrap_or_default().into(),
        "pauseMode" => names::pause_mode(socket.pause_mode()).into(),
        "proxy" => show_proxy(socket.proxy()),
        "protocolTag" => socket.protocol_tag().into(),
        "socketDescriptor" => super::show_descriptor(socket.socket_descriptor()),
        _ => return None,
    })
}

pub(super) fn call(socket: &mut Socket, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "connectToHost" => connect_to_host(socket, args),
        "disconnectFromHost" => Ok(done!(socket.disconnect_from_host())),
        "abort" => Ok(done!(socket.abort())),
        "setReadBufferSize" => {
            // 0 is no limit.
            args.length(0).map(|size| done!(socket.set_read_buffer_size(Some(size))))
        }
        "setPauseMode" => args
            .member(0, "PauseMode", names::to_pause_mode)
            .map(|mode| done!(socket.set_pause_mode(mode))),
        "resume" => Ok(done!(socket.resume())),
        "setProxy" => args.proxy(0).map(|proxy| done!(socket.set_proxy(proxy))),
        "setProtocolTag" => args.text(0).map(|tag| done!(socket.set_protocol_tag(tag))),
        "socketOption" => args
            .member(0, "SocketOption", names::to_option_name)
            .map(|option| show_option(socket.socket_option(option).ok())),
        "setSocketOption" => set_socket_option(socket, args),
        "setSocketDescriptor" => set_socket_descriptor(socket, args),
        "setLocalPort" => args.port(0).map(|port| done!(socket.set_local_port(some(port)))),
        "setPeerPort" => args.port(0).map(|port| done!(socket.set_peer_port(some(port)))),
        "setLocalAddress" => optional_ip(args).map(|ip| done!(socket.set_local_address(ip))),
        "setPeerAddress" => optional_ip(args).map(|ip| done!(socket.set_peer_address(ip))),
        "setPeerName" => args.text(0).map(|name| done!(socket.set_peer_name(name))),
        "setSocketState" => args
            .member(0, "SocketState", names::to_state)
            .map(|state| done!(socket.set_socket_state(state))),
        "setSocketError" => args
            .member(0, "SocketError", names::to_error)
            .map(|error| done!(socket.set_socket_error(Some(error)))),
        _ => return None,
    })
}

/// Binds a socket whose class is known: to an address and a port, or to a port of any address.
pub(super) fn bind<S: QAbstractSocket>(socket: &mut S, args: &Args<'_>) -> Outcome {
    let to_port = args.value(0).is_ok_and(Value::is_number);
    let address = match args.len() {
        0 => BindAddress::Any,
        _ if to_port => BindAddress::Any,
        _ => args.bind_address(0)?,
    };
    let at = usize::from(!to_port);
    let port = if args.len() > at { args.port(at)? } else { 0 };
    let mode = if args.len() > at + 1 {
        args.flags(at + 1, "BindMode", BindMode::DEFAULT, names::to_bind_mode)?
    } else {
        BindMode::DEFAULT
    };
    Ok(socket.bind(address, port, mode).is_ok().into())
}

fn connect_to_host(socket: &mut Socket, args: &Args<'_>) -> Outcome {
    let port = args.port(1)?;
    let mode = if args.len() > 2 { args.open_mode(2)? } else { OpenMode::READ_WRITE };
    let protocol = match args.len() {
        0..=3 => NetworkLayerProtocol::Any,
        _ => args.member(3, "Protocol", names::to_protocol)?,
    };
    if let Ok(host) = args.text(0) {
        return Ok(done!(socket.connect_to_host_with(host, port, mode, protocol)));
    }
    match args.address(0)? {
        Address::Null => Ok(done!(socket.connect_to_host_with("", port, mode, protocol))),
        _ => Ok(done!(socket.connect_to_address(SocketAddr::new(args.ip(0)?, port), mode))),
    }
}

fn set_socket_descriptor(socket: &mut Socket, args: &Args<'_>) -> Outcome {
    let descriptor = args.descriptor(0)?;
    let state = match args.len() {
        0..=1 => SocketState::Connected,
        _ => args.member(1, "SocketState", names::to_state)?,
    };
    let mode = if args.len() > 2 { args.open_mode(2)? } else { OpenMode::READ_WRITE };
    Ok(socket.set_socket_descriptor(descriptor, state, mode).is_ok().into())
}

/// An option's value as Qt has it: a number.
fn show_option(option: Option<SocketOption>) -> Answer {
    let Some(option) = option else { return Value::Null.into() };
    match option {
        SocketOption::LowDelay(on)
        | SocketOption::KeepAlive(on)
        | SocketOption::MulticastLoopback(on) => u8::from(on).into(),
        SocketOption::MulticastTtl(value) | SocketOption::TypeOfService(value) => value.into(),
        SocketOption::SendBufferSize(size) | SocketOption::ReceiveBufferSize(size) => size.into(),
        SocketOption::PathMtu(value) | SocketOption::KeepAliveCount(value) => value.into(),
        SocketOption::KeepAliveIdle(time) | SocketOption::KeepAliveInterval(time) => {
            time.as_secs().into()
        }
        _ => Value::Null.into(),
    }
}

fn set_socket_option(socket: &mut Socket, args: &Args<'_>) -> Outcome {
    let name = args.member(0, "SocketOption", names::to_option_name)?;
    let number = match args.value(1)? {
        Value::Bool(on) => i64::from(*on),
        _ => args.number(1)?,
    };
    let unfit = || Missing(format!("the value {number} of an option"));
    let byte = || u8::try_from(number).map_err(|_| unfit());
    let size = || usize::try_from(number).map_err(|_| unfit());
    let count = || u32::try_from(number).map_err(|_| unfit());
    let seconds = || u64::try_from(number).map(Duration::from_secs).map_err(|_| unfit());
    let option = match name {
        OptionName::LowDelay => SocketOption::LowDelay(number != 0),
        OptionName::KeepAlive => SocketOption::KeepAlive(number != 0),
        OptionName::MulticastLoopback => SocketOption::MulticastLoopback(number != 0),
        OptionName::MulticastTtl => SocketOption::MulticastTtl(byte()?),
        OptionName::TypeOfService => SocketOption::TypeOfService(byte()?),
        OptionName::SendBufferSize => SocketOption::SendBufferSize(size()?),
        OptionName::ReceiveBufferSize => SocketOption::ReceiveBufferSize(size()?),
        OptionName::PathMtu => SocketOption::PathMtu(count()?),
        OptionName::KeepAliveIdle => SocketOption::KeepAliveIdle(seconds()?),
        OptionName::KeepAliveInterval => SocketOption::KeepAliveInterval(seconds()?),
        OptionName::KeepAliveCount => SocketOption::KeepAliveCount(count()?),
        _ => return missing("this option"),
    };
    // Qt returns nothing, and what failed is seen by asking for the option.
    let _ = socket.set_socket_option(option);
    Ok(Answer::Nothing)
}

fn show_proxy(proxy: &NetworkProxy) -> Answer {
    let kind = names::proxy_type(proxy.proxy_type()).into();
    let (host, port) = (proxy.host_name().into(), Answer::Port(proxy.port()));
    Answer::Record(vec![("type".into(), kind), ("host".into(), host), ("port".into(), port)])
}

/// A port that may be none, which is 0 in Qt.
fn some(port: u16) -> Option<u16> {
    (port != 0).then_some(port)
}

/// An address that may be null.
fn optional_ip(args: &Args<'_>) -> Result<Option<IpAddr>, Missing> {
    Ok(match args.address(0)? {
        Address::Null => None,
        _ => Some(args.ip(0)?),
    })
}
