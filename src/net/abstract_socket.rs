//! `QAbstractSocket`: the trait of all sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::error::SocketError;
use super::socket::SocketCore;
use super::socket_state::SocketState;
use crate::io::{Q_IO_DEVICE, QIODevice};
use crate::object::{MetaObject, Signal};

/// What all sockets have in common: states, a peer, and the signals that tell of both.
///
/// Nothing here blocks. A call starts something, and signals tell what became of it. Where a
/// socket passes through several states in one go, a slot still finds it in the state that its
/// signal announces.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a socket",
    label = "not a `QAbstractSocket`",
    note = "a socket is a class with `#[qobject(base: QAbstractSocket)]` on the socket that it \
            extends"
)]
pub trait QAbstractSocket: QIODevice {
    /// The state machine that the provided methods work on.
    #[doc(hidden)]
    fn core(&self) -> &SocketCore;

    /// The state machine that the provided methods work on.
    #[doc(hidden)]
    fn core_mut(&mut self) -> &mut SocketCore;

    /// Emitted when the peer's name has been looked up, before the first address is tried.
    #[doc(alias = "hostFound")]
    fn host_found(&self) -> &Signal<()> {
        &self.core().signals.host_found
    }

    /// Emitted when a connection stands.
    fn connected(&self) -> &Signal<()> {
        &self.core().signals.connected
    }

    /// Emitted when a connection has ended. What came before can still be read.
    fn disconnected(&self) -> &Signal<()> {
        &self.core().signals.disconnected
    }

    /// Emitted when the state has changed, with the new state.
    #[doc(alias = "stateChanged")]
    fn state_changed(&self) -> &Signal<SocketState> {
        &self.core().signals.state_changed
    }

    /// Emitted when something has gone wrong, with what.
    ///
    /// If the peer closed the connection, the socket is still connected while the slots run, so
    /// they can look at it and read what came before.
    #[doc(alias = "errorOccurred")]
    fn error_occurred(&self) -> &Signal<SocketError> {
        &self.core().signals.error_occurred
    }

    /// Begins to connect to a host, given by name or by address.
    ///
    /// Opens the device for reading and writing. What is written from now on is sent when the
    /// connection stands. A name is looked up in another thread; its addresses are tried in turn.
    ///
    /// Signals: `state_changed(HostLookup)`, `state_changed(Connecting)`, `host_found`,
    /// `state_changed(Connected)`, `connected`; or, if it fails, `state_changed(Unconnected)` and
    /// `error_occurred`. Called in any state but `Unconnected` or `Bound` it changes nothing and
    /// emits `error_occurred(Operation)`.
    ///
    /// A socket that was not added to a runtime yet begins when it is.
    #[doc(alias = "connectToHost")]
    fn connect_to_host(&mut self, host: &str, port: u16) {
        self.core_mut().connect_to_host(host.to_owned(), port);
    }

    /// Ends the connection when everything that was written has gone out.
    ///
    /// While it is being made, the connection is finished first. Signals:
    /// `state_changed(Closing)`, then when all is sent `state_changed(Unconnected)`,
    /// `read_channel_finished` and `disconnected`.
    #[doc(alias = "disconnectFromHost")]
    fn disconnect_from_host(&mut self) {
        self.core_mut().disconnect_from_host();
    }

    /// Ends the connection at once and closes the device. What was not sent is dropped.
    ///
    /// Signals: `about_to_close`, `state_changed(Unconnected)`, `read_channel_finished`, and
    /// `disconnected` if the socket was connected.
    fn abort(&mut self) {
        self.core_mut().abort();
    }

    /// Returns the state.
    fn state(&self) -> SocketState {
        self.core().state
    }

    /// Returns the last error, if there was one since the socket last began to connect.
    fn error(&self) -> Option<SocketError> {
        self.core().error.as_ref().map(|error| error.kind)
    }

    /// Returns what the system said about the last error.
    #[doc(alias = "errorString")]
    fn os_error(&self) -> Option<&io::Error> {
        self.core().error.as_ref()?.source.as_ref()
    }

    /// Returns the address of this end, while the socket is connected or bound.
    ///
    /// An IPv4 address is shown as one, even if the socket is an IPv6 socket that can do both.
    #[doc(alias = "localAddress")]
    fn local_address(&self) -> Option<IpAddr> {
        self.core().local.map(shown_address)
    }

    /// Returns the port of this end, while the socket is connected or bound.
    #[doc(alias = "localPort")]
    fn local_port(&self) -> Option<u16> {
        self.core().local.map(|local| local.port())
    }

    /// Returns the address of the peer, while the socket is connected.
    ///
    /// An IPv4 address is shown as one, even if the socket is an IPv6 socket that can do both.
    #[doc(alias = "peerAddress")]
    fn peer_address(&self) -> Option<IpAddr> {
        self.core().peer.map(shown_address)
    }

    /// Returns the port of the peer, while the socket is connected.
    #[doc(alias = "peerPort")]
    fn peer_port(&self) -> Option<u16> {
        self.core().peer.map(|peer| peer.port())
    }

    /// Returns the host that the socket was last told to connect to, as it was given.
    #[doc(alias = "peerName")]
    fn peer_name(&self) -> &str {
        &self.core().peer_name
    }

    /// Returns how long one address may take to answer; `None` is as long as the system lets it.
    fn connect_timeout(&self) -> Option<Duration> {
        self.core().connect_timeout
    }

    /// Sets how long one address may take to answer before it is given up with
    /// [`SocketError::SocketTimeout`], from the next attempt on. The default is 30 seconds.
    fn set_connect_timeout(&mut self, timeout: Option<Duration>) {
        self.core_mut().connect_timeout = timeout;
    }
}

/// The address as people write it.
fn shown_address(address: SocketAddr) -> IpAddr {
    address.ip().to_canonical()
}

crate::object_trait!(QAbstractSocket);

/// What the classes of sockets extend. A class shows the signals itself, since it alone has them.
pub(super) static META: MetaObject =
    MetaObject::new("QAbstractSocket").with_super_class(|| &Q_IO_DEVICE);
