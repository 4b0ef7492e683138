//! `QTcpSocket`: a TCP connection.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::abstract_socket::{self, QAbstractSocket};
use super::engine::Accepted;
use super::socket::SocketCore;
use super::socket_type::SocketType;
use crate::io::{Device, QIODevice, RawDevice, device_std_io};
use crate::object::{Anchor, MetaObject, MetaSignal, MetaSlot, QObject};

/// A TCP socket.
///
/// Its signals come from the traits that it implements: [`QIODevice`] has `ready_read` and
/// `bytes_written`, [`QAbstractSocket`] has `connected`, `disconnected`, `state_changed` and
/// `error_occurred`.
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::{QTcpServer, QTcpSocket};
/// use std::io::Write;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
///
/// let server = rt.add(QTcpServer::new());
/// rt[server].listen(([127, 0, 0, 1], 0))?;
/// rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
///     while let Some(peer) = world[server].next_pending_connection() {
///         world[peer].write_all(b"hello\n")?;
///         world[peer].disconnect_from_host();
///     }
///     Ok::<_, std::io::Error>(())
/// });
///
/// let port = rt[server].server_port().unwrap();
/// let socket = rt.add(QTcpSocket::new());
/// rt[socket].connect_to_host("127.0.0.1", port);
/// rt.connect_fn(socket, QTcpSocket::disconnected, |world, _| world.quit());
/// rt.exec()?;
/// assert_eq!(rt[socket].read_line_string().as_deref(), Some("hello"));
/// # Ok(())
/// # }
/// ```
pub struct QTcpSocket {
    core: SocketCore,
}

impl QTcpSocket {
    /// Creates an unconnected socket.
    pub fn new() -> Self {
        Self { core: SocketCore::new::<Self>(SocketType::Tcp) }
    }

    /// A socket for a connection that a server accepted at the address `local`, if it is known.
    pub(super) fn accepted(accepted: Accepted, local: Option<SocketAddr>) -> Self {
        let Accepted { engine, peer } = accepted;
        Self { core: SocketCore::accepted::<Self>(engine, peer, local) }
    }
}

impl Default for QTcpSocket {
    fn default() -> Self {
        Self::new()
    }
}

impl QAbstractSocket for QTcpSocket {
    fn core(&self) -> &SocketCore {
        &self.core
    }

    fn core_mut(&mut self) -> &mut SocketCore {
        &mut self.core
    }
}

impl RawDevice for QTcpSocket {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.core.read(buffer)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.core.write(bytes)
    }

    fn data_available(&self) -> usize {
        self.core.available()
    }

    fn data_to_write(&self) -> usize {
        self.core.traffic().unannounced()
    }

    fn flush_data(&mut self) -> io::Result<()> {
        self.core.flush();
        Ok(())
    }

    fn close_data(&mut self) {
        self.core.close();
    }

    fn close_later(&mut self) -> bool {
        self.core.close_later()
    }

    fn buffer_consumed(&mut self) {
        self.core.make_room();
    }

    fn error_text(&self) -> Option<String> {
        self.core.error_text()
    }
}

impl QIODevice for QTcpSocket {
    fn device(&self) -> &Device {
        &self.core.device
    }

    fn device_mut(&mut self) -> &mut Device {
        &mut self.core.device
    }
}

device_std_io!(QTcpSocket);

static META: MetaObject = MetaObject::new("QTcpSocket")
    .with_super_class(|| &abstract_socket::META)
    .with_signals(&[
        MetaSignal::new("ready_read", "()", |s, see| see(QTcpSocket::cast(s).ready_read())),
        MetaSignal::new(
            "bytes_written",
            "usize",
            |s, see| see(QTcpSocket::cast(s).bytes_written()),
        ),
        MetaSignal::new("about_to_close", "()", |s, see| see(QTcpSocket::cast(s).about_to_close())),
        MetaSignal::new("read_channel_finished", "()", |s, see| {
            see(QTcpSocket::cast(s).read_channel_finished());
        }),
        MetaSignal::new("host_found", "()", |s, see| see(QTcpSocket::cast(s).host_found())),
        MetaSignal::new("connected", "()", |s, see| see(QTcpSocket::cast(s).connected())),
        MetaSignal::new("disconnected", "()", |s, see| see(QTcpSocket::cast(s).disconnected())),
        MetaSignal::new("state_changed", "SocketState", |s, see| {
            see(QTcpSocket::cast(s).state_changed());
        }),
        MetaSignal::new("error_occurred", "SocketError", |s, see| {
            see(QTcpSocket::cast(s).error_occurred());
        }),
    ])
    .with_slots(&[
        MetaSlot::new("close"),
        MetaSlot::new("abort"),
        MetaSlot::new("disconnect_from_host"),
    ]);

impl QObject for QTcpSocket {
    fn static_meta_object() -> &'static MetaObject {
        &META
    }

    fn meta_object(&self) -> &'static MetaObject {
        &META
    }

    fn anchored(&mut self, anchor: &Anchor<'_>) {
        self.core.anchored(anchor);
    }

    fn about_to_be_destroyed(&mut self) {
        self.core.about_to_be_destroyed();
    }
}

impl fmt::Debug for QTcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QTcpSocket").field(&self.core).finish()
    }
}
