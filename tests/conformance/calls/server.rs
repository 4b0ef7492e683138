//! Calls of `QTcpServer`.

use slotwire::prelude::*;

use super::{nothing, show_address, show_port};
use crate::answer::{Answer, Outcome};
use crate::args::Args;

pub(super) fn get(server: &QTcpServer, name: &str) -> Option<Answer> {
    Some(match name {
        "isListening" => server.is_listening().into(),
        "serverAddress" => show_address(server.server_address()),
        "serverPort" => show_port(server.server_port()),
        "hasPendingConnections" => server.has_pending_connections().into(),
        "maxPendingConnections" => server.max_pending_connections().into(),
        _ => return None,
    })
}

pub(super) fn call(server: &mut QTcpServer, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "listen" => listen(server, args),
        "close" => nothing(server.close()),
        "setMaxPendingConnections" => {
            args.length(0).and_then(|max| nothing(server.set_max_pending_connections(max)))
        }
        "pauseAccepting" => nothing(server.pause_accepting()),
        "resumeAccepting" => nothing(server.resume_accepting()),
        _ => return None,
    })
}

/// Listens on an address and a port; on any if they are absent.
fn listen(server: &mut QTcpServer, args: &Args<'_>) -> Outcome {
    let ip = if args.len() > 0 { args.ip(0)? } else { std::net::Ipv6Addr::UNSPECIFIED.into() };
    let port = if args.len() > 1 { args.port(1)? } else { 0 };
    Ok(server.listen((ip, port)).is_ok().into())
}
