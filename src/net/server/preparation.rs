//! `Preparation`: the accepted connections that a server does not offer to its program yet.
//!
//! Keeps one promise: there are never more of them than the limit. While there are as many, further
//! connections wait in the kernel.

#[cfg(feature = "tls")]
use super::tcp_server::QTcpServer;
use crate::net::socket::QTcpSocket;
use crate::object::Obj;

/// The accepted connections that a server does not offer yet.
#[derive(Debug)]
pub(super) struct Preparation {
    sockets: Vec<Obj<QTcpSocket>>,
    max: usize,
}

impl Preparation {
    #[cfg(feature = "tls")]
    pub(super) fn new(max: usize) -> Self {
        Self { sockets: Vec::new(), max }
    }

    pub(super) fn is_full(&self) -> bool {
        self.sockets.len() >= self.max
    }

    #[cfg(feature = "tls")]
    pub(super) fn len(&self) -> usize {
        self.sockets.len()
    }

    #[cfg(feature = "tls")]
    pub(super) fn max(&self) -> usize {
        self.max
    }

    #[cfg(feature = "tls")]
    pub(super) fn set_max(&mut self, max: usize) {
        self.max = max;
    }

    #[cfg(feature = "tls")]
    pub(super) fn add(&mut self, socket: Obj<QTcpSocket>) {
        self.sockets.push(socket);
    }

    #[cfg(feature = "tls")]
    pub(super) fn remove(&mut self, socket: Obj<QTcpSocket>) {
        if let Some(place) = self.sockets.iter().position(|&it| it == socket) {
            self.sockets.swap_remove(place);
        }
    }

    /// Takes all connections out, since the server closes.
    pub(super) fn take_all(&mut self) -> Vec<Obj<QTcpSocket>> {
        std::mem::take(&mut self.sockets)
    }
}

#[cfg(feature = "tls")]
impl QTcpServer {
    /// Makes the server one whose connections are prepared before they are offered to the program, up
    /// to `max` at a time.
    pub(super) fn begin_to_prepare(&mut self, max: usize) {
        self.preparation = Some(Preparation::new(max));
    }

    /// Notes that a connection is prepared.
    pub(super) fn prepare(&mut self, socket: Obj<QTcpSocket>) {
        if let Some(preparation) = &mut self.preparation {
            preparation.add(socket);
        }
    }

    /// Notes that a connection is not prepared any more, and goes on with accepting.
    pub(super) fn end_preparing(&mut self, socket: Obj<QTcpSocket>) {
        if let Some(preparation) = &mut self.preparation {
            preparation.remove(socket);
        }
        self.go_on_if_more();
    }

    pub(super) fn in_preparation(&self) -> usize {
        self.preparation.as_ref().map_or(0, Preparation::len)
    }

    pub(super) fn max_in_preparation(&self) -> usize {
        self.preparation.as_ref().map_or(0, Preparation::max)
    }

    pub(super) fn set_max_in_preparation(&mut self, max: usize) {
        if let Some(preparation) = &mut self.preparation {
            preparation.set_max(max);
        }
        self.go_on_if_more();
    }
}
