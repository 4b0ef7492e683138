//! Calls of `QAbstractSocket`.

use slotwire::prelude::*;

use super::{nothing, show_address, show_port};
use crate::answer::{Answer, Missing, Outcome, missing};
use crate::args::{Address, Args};
use crate::names;

type Socket = dyn QAbstractSocket;

pub(super) fn get(socket: &Socket, name: &str) -> Option<Answer> {
    Some(match name {
        "state" => names::state(socket.state()).into(),
        "error" => names::error(socket.error()).into(),
        "localAddress" => show_address(socket.local_address()),
        "localPort" => show_port(socket.local_port()),
        "peerAddress" => show_address(socket.peer_address()),
        "peerPort" => show_port(socket.peer_port()),
        "peerName" => socket.peer_name().into(),
        _ => return None,
    })
}

pub(super) fn call(socket: &mut Socket, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "connectToHost" => connect_to_host(socket, args),
        "disconnectFromHost" => nothing(socket.disconnect_from_host()),
        "abort" => nothing(socket.abort()),
        "flush" => {
            // Qt says whether something was written.
            let before = socket.bytes_to_write();
            let flushed = socket.flush();
            Ok((flushed.is_ok() && socket.bytes_to_write() < before).into())
        }
        _ => return None,
    })
}

fn connect_to_host(socket: &mut Socket, args: &Args<'_>) -> Outcome {
    let host = host(args)?;
    let port = args.port(1)?;
    if args.len() > 2 {
        return missing("connectToHost with an open mode");
    }
    nothing(socket.connect_to_host(&host, port))
}

/// A host by its name or its address.
fn host(args: &Args<'_>) -> Result<String, Missing> {
    match args.text(0) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Ok(match args.address(0)? {
            Address::Null => String::new(),
            _ => args.ip(0)?.to_string(),
        }),
    }
}
