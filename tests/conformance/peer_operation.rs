//! Operations of peers that need not wait.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;
use serde_json::{Value, json};

use crate::answer::{Answer, Missing, Outcome, missing};
use crate::args::Address;
use crate::bytes;
use crate::peers::{Act, localhost};
use crate::scenario::{Family, Op};
use crate::stage::Stage;

/// Carries out an operation of a peer. Its symbols are captured here, since only it knows what
/// they stand for.
pub(crate) fn perform(stage: &Stage, op: &Op) -> Outcome {
    let mut peers = stage.peers.borrow_mut();
    match op {
        Op::FreePort { symbol, kind } => {
            let port = peers.free_port(*kind);
            captured(stage, Some(symbol), port)
        }
        Op::PeerListen { id, symbol, port, backlog, family } => {
            let port = port_or_any(stage, port.as_ref())?;
            captured(stage, symbol.as_deref(), peers.listen(id, *family, port, *backlog))
        }
        Op::PeerConnect { id, port, addr, bind, symbol, family } => {
            let to = destination(stage, port, addr.as_deref(), *family)?;
            let from = match bind {
                Some(bind) => Some(own_address(stage, bind, *family)?),
                None => None,
            };
            let connected = peers.connect(id, from, to);
            let is_connected = connected.is_ok();
            match captured(stage, symbol.as_deref(), connected)? {
                Answer::Nothing if is_connected => Ok(true.into()),
                error => Ok(error),
            }
        }
        Op::PeerSend { peer, data, .. } => {
            let data = data_in(stage, data)?;
            match peers.send(peer, &data) {
                Ok(count) if count == data.len() => Ok(Answer::Nothing),
                Ok(_) => missing("waiting for room in a slot"),
                Err(error) => Ok(failed(&error)),
            }
        }
        Op::PeerShutdown { peer, how } => {
            done(peers.shutdown(peer, how.as_deref().unwrap_or("wr")))
        }
        Op::PeerClose { peer } => done(peers.close(peer)),
        Op::PeerReset { peer } => done(peers.reset(peer)),
        Op::PeerUdp { id, symbol, port, reuse, family } => {
            let port = port_or_any(stage, port.as_ref())?;
            captured(stage, symbol.as_deref(), peers.udp(id, *family, port, *reuse))
        }
        Op::PeerSendto { peer, port, data, addr } => {
            let to = destination(stage, port, addr.as_deref(), peers.family(peer))?;
            let datagrams = match data {
                Value::Array(datagrams) => datagrams.as_slice(),
                _ => std::slice::from_ref(data),
            };
            for datagram in datagrams {
                let sent = peers.send_to(peer, to, &data_in(stage, datagram)?);
                if let Err(error) = sent {
                    return Ok(failed(&error));
                }
            }
            Ok(Answer::Nothing)
        }
        Op::PeerScript { id, from, script } => {
            let acts: Result<Vec<_>, _> = script.iter().map(|act| parse_act(stage, act)).collect();
            done(peers.play(id, from, acts?))
        }
        _ => missing("waiting for a peer in a slot"),
    }
}

/// The bytes that a peer is to send.
pub(crate) fn data_in(stage: &Stage, data: &Value) -> Result<Vec<u8>, Missing> {
    let data = stage.symbols.borrow().resolve(data);
    bytes::parse(&data).ok_or_else(|| Missing(format!("the bytes {data}")))
}

/// A failure as a trace shows it: by the name of the system's error.
pub(crate) fn failed(error: &io::Error) -> Answer {
    const NAMES: [(Errno, &str); 14] = [
        (Errno::CONNREFUSED, "ECONNREFUSED"),
        (Errno::CONNRESET, "ECONNRESET"),
        (Errno::PIPE, "EPIPE"),
        (Errno::ADDRINUSE, "EADDRINUSE"),
        (Errno::ADDRNOTAVAIL, "EADDRNOTAVAIL"),
        (Errno::NETUNREACH, "ENETUNREACH"),
        (Errno::HOSTUNREACH, "EHOSTUNREACH"),
        (Errno::TIMEDOUT, "ETIMEDOUT"),
        (Errno::ACCESS, "EACCES"),
        (Errno::PERM, "EPERM"),
        (Errno::INVAL, "EINVAL"),
        (Errno::NOTCONN, "ENOTCONN"),
        (Errno::MSGSIZE, "EMSGSIZE"),
        (Errno::BADF, "EBADF"),
    ];
    let errno = Errno::from_io_error(error);
    let name = NAMES.iter().find(|(known, _)| Some(*known) == errno).map(|(_, name)| *name);
    match (name, error.kind()) {
        (Some(name), _) => name.into(),
        (None, io::ErrorKind::TimedOut) => "ETIMEDOUT".into(),
        _ => error.to_string().into(),
    }
}

fn done(result: io::Result<()>) -> Outcome {
    match result {
        Ok(()) => Ok(Answer::Nothing),
        Err(error) => Ok(failed(&error)),
    }
}

/// Captures a port that was got, if it is to have a name.
fn captured(stage: &Stage, symbol: Option<&str>, port: io::Result<u16>) -> Outcome {
    match port {
        Ok(port) => {
            if let Some(symbol) = symbol {
                stage.symbols.borrow_mut().capture(symbol, json!(port));
            }
            Ok(Answer::Nothing)
        }
        Err(error) => Ok(failed(&error)),
    }
}

fn port_in(stage: &Stage, port: &Value) -> Result<u16, Missing> {
    let port = stage.symbols.borrow().resolve(port);
    let number = port.as_u64().and_then(|port| u16::try_from(port).ok());
    number.ok_or_else(|| Missing(format!("the port {port}")))
}

fn port_or_any(stage: &Stage, port: Option<&Value>) -> Result<u16, Missing> {
    port.map_or(Ok(0), |port| port_in(stage, port))
}

fn address_in(text: &str) -> Result<IpAddr, Missing> {
    match Address::parse(text) {
        Some(Address::Ip(ip)) => Ok(ip),
        _ => missing(format!("a peer's address {text}")),
    }
}

fn destination(
    stage: &Stage,
    port: &Value,
    address: Option<&str>,
    family: Family,
) -> Result<SocketAddr, Missing> {
    let ip = address.map_or(Ok(localhost(family)), address_in)?;
    Ok(SocketAddr::new(ip, port_in(stage, port)?))
}

/// Where a peer connects from: an address, a port, or both as a list.
fn own_address(stage: &Stage, bind: &Value, family: Family) -> Result<SocketAddr, Missing> {
    let bind = stage.symbols.borrow().resolve(bind);
    match &bind {
        Value::String(text) => Ok(SocketAddr::new(address_in(text)?, 0)),
        Value::Array(both) if both.len() == 2 => {
            let ip = both[0].as_str().map_or(Ok(localhost(family)), address_in)?;
            Ok(SocketAddr::new(ip, port_in(stage, &both[1])?))
        }
        port => Ok(SocketAddr::new(localhost(family), port_in(stage, port)?)),
    }
}

fn parse_act(stage: &Stage, act: &[Value]) -> Result<Act, Missing> {
    let unknown = || Missing(format!("the act {}", json!(act)));
    let name = act.first().and_then(Value::as_str).ok_or_else(unknown)?;
    let number = || act.get(1).and_then(Value::as_u64).ok_or_else(unknown);
    let data = || data_in(stage, act.get(1).ok_or_else(unknown)?);
    Ok(match name {
        "accept" => Act::Accept,
        "recv" => Act::Receive(usize::try_from(number()?).map_err(|_| unknown())?),
        "recv_until" => Act::ReceiveUntil(data()?),
        "recv_eof" => Act::ReceiveToEnd,
        "send" => Act::Send(data()?),
        "sleep" => Act::Sleep(Duration::from_millis(number()?)),
        "shutdown" => Act::Shutdown,
        "close" => Act::Close,
        "reset" => Act::Reset,
        _ => return Err(unknown()),
    })
}
