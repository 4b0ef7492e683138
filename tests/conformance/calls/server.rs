//! Calls of `QTcpServer`.

use slotwire::prelude::*;

use super::{done, show_bound_address, show_descriptor, show_port};
use crate::answer::{Answer, Outcome};
use crate::args::Args;
use crate::names;
use slotwire::BindAddress;

pub(super) fn get(server: &QTcpServer, name: &str) -> Option<Answer> {
    Some(match name {
        "isListening" => server.is_listening().into(),
        "serverAddress" => show_bound_address(server.server_address()),
        "serverPort" => show_port(server.server_port()),
        "serverError" => names::error(server.server_error()).into(),
        "socketDescriptor" => show_descriptor(server.socket_descriptor()),
        "listenBacklogSize" => server.listen_backlog_size().into(),
        "hasPendingConnections" => server.has_pending_connections().into(),
        "maxPendingConnections" => server.max_pending_connections().into(),
        _ => return None,
    })
}

pub(super) fn call(server: &mut QTcpServer, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "listen" => listen(server, args),
        "close" => Ok(done!(server.close())),
        "setMaxPendingConnections" => {
            args.length(0).map(|max| done!(server.set_max_pending_connections(max)))
        }
        "setListenBacklogSize" => {
            args.length(0).map(|size| done!(server.set_listen_backlog_size(size as u32)))
        }
        "setSocketDescriptor" => args
            .descriptor(0)
            .map(|descriptor| server.set_socket_descriptor(descriptor).is_ok().into()),
        "pauseAccepting" => Ok(done!(server.pause_accepting())),
        "resumeAccepting" => Ok(done!(server.resume_accepting())),
        _ => return None,
    })
}

/// Listens on an address and a port; on any if they are absent.
fn listen(server: &mut QTcpServer, args: &Args<'_>) -> Outcome {
    let address = if args.len() > 0 { args.bind_address(0)? } else { BindAddress::Any };
    let port = if args.len() > 1 { args.port(1)? } else { 0 };
    Ok(server.listen_on(address, port).is_ok().into())
}
