//! `QAbstractSocket`: the trait of all sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use super::core::SocketCore;
use super::endpoint::Endpoint;
use crate::io::{OpenMode, Q_IO_DEVICE, QIODevice};
use crate::net::engine::Question;
use crate::net::values::{
    BindAddress, BindMode, NetError, NetworkLayerProtocol, OptionName, PauseMode, ReadyReadPolicy,
    SocketError, SocketOption, SocketState, SocketType, canonical, host_text,
};
use crate::object::{Anchor, MetaObject, MetaSlot, Occasion, Response, Signal};

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
        &self.core().needed_extra().host_found
    }

    /// Emitted when a connection stands.
    fn connected(&self) -> &Signal<()> {
        &self.core().needed_extra().connected
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

    /// Emitted when writing was cut short by the [limit](Self::set_write_buffer_limit), and half of
    /// what may be queued is free again.
    fn write_buffer_drained(&self) -> &Signal<()> {
        &self.core().needed_extra().write_buffer_drained
    }

    /// Emitted when a layer of the connection that is being made needs an answer of the program, with
    /// the question. The handshake goes on when the slots have run.
    #[doc(hidden)]
    fn question_asked(&self) -> &Signal<Question> {
        &self.core().needed_extra().question_asked
    }

    /// Begins to connect to a host, given by name or by address. A link-local address names its
    /// interface or gives the index: `fe80::1%eth0`, `fe80::1%3`.
    ///
    /// Opens the device for reading and writing. What is written from now on is sent when the
    /// connection stands. A name is looked up in another thread, as
    /// [`World::look_up_host`](crate::World::look_up_host) does; its addresses race, as
    /// [`set_happy_eyeballs`](Self::set_happy_eyeballs) says.
    ///
    /// Signals: `state_changed(HostLookup)`, `state_changed(Connecting)`, `host_found`,
    /// `state_changed(Connected)`, `connected`; or, if it fails, `state_changed(Unconnected)` and
    /// `error_occurred`. Called in any state but `Unconnected` or `Bound` it changes nothing and
    /// emits `error_occurred(Operation)`.
    ///
    /// A socket that was not added to a runtime yet begins when it is.
    #[doc(alias = "connectToHost")]
    fn connect_to_host(&mut self, host: &str, port: u16) {
        self.connect_to_host_with(host, port, OpenMode::READ_WRITE, NetworkLayerProtocol::Any);
    }

    /// Begins to connect to a host, for reading or writing alone, or by addresses of one family.
    ///
    /// What comes in on a socket that is not open for reading is dropped. With
    /// [`OpenMode::UNBUFFERED`] reads and writes go to the system at once. Otherwise as
    /// [`connect_to_host`](Self::connect_to_host).
    #[doc(alias = "connectToHost")]
    fn connect_to_host_with(
        &mut self,
        host: &str,
        port: u16,
        mode: OpenMode,
        protocol: NetworkLayerProtocol,
    ) {
        self.core_mut().connect_to_host(host.to_owned(), None, port, mode, protocol);
    }

    /// Begins to connect to an address; otherwise as
    /// [`connect_to_host_with`](Self::connect_to_host_with).
    #[doc(alias = "connectToHost")]
    fn connect_to_address(&mut self, address: SocketAddr, mode: OpenMode) {
        let address = canonical(address);
        let (name, any) = (host_text(address), NetworkLayerProtocol::Any);
        self.core_mut().connect_to_host(name, Some(address), address.port(), mode, any);
    }

    /// Gives the socket an address and a port of its own; port 0 lets the system choose one.
    ///
    /// A TCP socket connects from there; a UDP socket also receives what comes there. Emits
    /// `state_changed(Bound)`. If a TCP socket has let the system choose its port, and the first
    /// address of its peer refuses the connection, Linux chooses another port for the next address.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::{BindAddress, BindMode, QTcpSocket};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].bind(BindAddress::Any, 0, BindMode::DEFAULT)?;
    /// assert_eq!(rt[socket].state(), SocketState::Bound);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What went wrong is both returned and emitted as `error_occurred`:
    /// [`AddressInUse`](SocketError::AddressInUse),
    /// [`SocketAddressNotAvailable`](SocketError::SocketAddressNotAvailable),
    /// [`SocketAccess`](SocketError::SocketAccess) and so on, as the system says;
    /// [`Unknown`](SocketError::Unknown) if the socket is bound or connected already, as in Qt;
    /// [`Operation`](SocketError::Operation) if it was not added to a runtime.
    fn bind(
        &mut self,
        address: impl Into<BindAddress>,
        port: u16,
        mode: BindMode,
    ) -> Result<(), NetError>
    where
        Self: Sized,
    {
        self.core_mut().bind(address.into(), port, mode)
    }

    /// Gives the socket a port of its own on all addresses; otherwise as [`bind`](Self::bind).
    #[doc(alias = "bind")]
    fn bind_port(&mut self, port: u16, mode: BindMode) -> Result<(), NetError> {
        self.core_mut().bind(BindAddress::Any, port, mode)
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
        self.core().state()
    }

    /// Returns the last error, if there was one since the socket last began to connect.
    fn error(&self) -> Option<SocketError> {
        self.core().fault().map(|error| error.kind)
    }

    /// Returns what the system said about the last error.
    fn os_error(&self) -> Option<&io::Error> {
        self.core().fault()?.source.as_ref()
    }

    /// Returns what the socket carries.
    #[doc(alias = "socketType")]
    fn socket_type(&self) -> SocketType {
        self.core().kind
    }

    /// Says whether there is a socket of the system's behind this one.
    #[doc(alias = "isValid")]
    fn is_valid(&self) -> bool {
        self.core().engines().next().is_some()
    }

    /// Returns the address and the port of this end, while the socket is connected or bound.
    ///
    /// A slot on `disconnected` still finds the address. Once all these slots have run, it is `None`;
    /// a slot on a queued connection may run after that.
    ///
    /// A link-local address has its scope id. An IPv4 address is shown as one, even if the socket is
    /// an IPv6 socket that can do both.
    #[doc(alias = "localAddress")]
    #[doc(alias = "localPort")]
    fn local_addr(&self) -> Option<SocketAddr> {
        self.core().local().addr()
    }

    /// Returns the address and the port of the peer, while the socket is connected.
    ///
    /// A slot on `disconnected` still finds the address. Once all these slots have run, it is `None`;
    /// a slot on a queued connection may run after that.
    ///
    /// This is the address to call the peer back at, or to keep: a link-local address has its scope
    /// id, without which it cannot be reached, and which [`peer_address`](Self::peer_address)
    /// cannot say. An IPv4 address is shown as one, even if the socket is an IPv6 socket that can do
    /// both.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::QTcpSocket;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// let mut rt = Runtime::new()?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].connect_to_host("127.0.0.1", port);
    /// assert!(rt.wait_for_connected(socket, None));
    ///
    /// let peer = rt[socket].peer_addr().ok_or("the peer has gone")?;
    /// let again = rt.add(QTcpSocket::new());
    /// rt[again].connect_to_address(peer, OpenMode::READ_WRITE);
    /// assert!(rt.wait_for_connected(again, None));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "peerAddress")]
    #[doc(alias = "peerPort")]
    fn peer_addr(&self) -> Option<SocketAddr> {
        self.core().peer.addr()
    }

    /// Returns the address of this end, while the socket is connected or bound, and in slots on
    /// `disconnected`, as [`local_addr`](Self::local_addr) does.
    ///
    /// An IPv4 address is shown as one, even if the socket is an IPv6 socket that can do both. A
    /// link-local address lacks its scope id here; [`local_addr`](Self::local_addr) has it.
    #[doc(alias = "localAddress")]
    fn local_address(&self) -> Option<IpAddr> {
        self.core().local().address
    }

    /// Returns the address of this end in Qt's sense, while the socket is connected or bound, and in
    /// slots on `disconnected`, as [`local_addr`](Self::local_addr) does.
    ///
    /// [`BindAddress::Any`] takes IPv6 and IPv4, [`BindAddress::AnyIpv6`] takes IPv6 alone. To
    /// [`local_address`](Self::local_address) both are the unspecified IPv6 address.
    #[doc(alias = "localAddress")]
    fn bound_address(&self) -> Option<BindAddress> {
        self.core().local().bound_address()
    }

    /// Returns the port of this end, while the socket is connected or bound, and in slots on
    /// `disconnected`, as [`local_addr`](Self::local_addr) does.
    #[doc(alias = "localPort")]
    fn local_port(&self) -> Option<u16> {
        self.core().local().port
    }

    /// Returns the address of the peer, while the socket is connected, and in slots on `disconnected`,
    /// as [`peer_addr`](Self::peer_addr) does.
    ///
    /// An IPv4 address is shown as one, even if the socket is an IPv6 socket that can do both. A
    /// link-local address lacks its scope id here; [`peer_addr`](Self::peer_addr) has it.
    #[doc(alias = "peerAddress")]
    fn peer_address(&self) -> Option<IpAddr> {
        self.core().peer.address
    }

    /// Returns the port of the peer, while the socket is connected, and in slots on `disconnected`, as
    /// [`peer_addr`](Self::peer_addr) does.
    #[doc(alias = "peerPort")]
    fn peer_port(&self) -> Option<u16> {
        self.core().peer.port
    }

    /// Returns the host that the socket was last told to connect to, as it was given.
    #[doc(alias = "peerName")]
    fn peer_name(&self) -> &str {
        self.core().peer_name()
    }

    /// Returns how many bytes may wait to be read; `None` is any number.
    #[doc(alias = "readBufferSize")]
    fn read_buffer_size(&self) -> Option<usize> {
        self.core().settings().read_limit
    }

    /// Sets how many bytes may wait to be read. The default is `None`: any number. So is `Some(0)`, as
    /// 0 is in Qt.
    ///
    /// When so many wait, the socket reads no more, and the peer has to wait as well. It reads
    /// on as soon as there is room. Datagrams wait in the system's buffer and do not count; there it is
    /// how many bytes a reader of lines holds before it gives what there is as a line.
    #[doc(alias = "setReadBufferSize")]
    fn set_read_buffer_size(&mut self, size: Option<usize>) {
        let core = self.core_mut();
        core.settings_mut().read_limit = size.filter(|&size| size > 0);
        core.make_room();
    }

    /// Returns how many written bytes may wait to be sent; `None` is any number.
    fn write_buffer_limit(&self) -> Option<usize> {
        self.core().settings().write_limit
    }

    /// Sets how many written bytes may wait to be sent. The default is `None`: any number, as in
    /// Qt. So is `Some(0)`.
    ///
    /// A write takes what there is room for; one that finds none is `WouldBlock`. After either,
    /// [`write_buffer_drained`](Self::write_buffer_drained) tells when to go on.
    /// [`bytes_to_write`](QIODevice::bytes_to_write) then counts what is buffered alone, and is
    /// never more than the limit.
    fn set_write_buffer_limit(&mut self, limit: Option<usize>) {
        self.core_mut().settings_mut().write_limit = limit.filter(|&limit| limit > 0);
    }

    /// Returns when `ready_read` is emitted.
    fn ready_read_policy(&self) -> ReadyReadPolicy {
        self.core().settings().ready_read_policy
    }

    /// Sets when `ready_read` is emitted.
    fn set_ready_read_policy(&mut self, policy: ReadyReadPolicy) {
        self.core_mut().settings_mut().ready_read_policy = policy;
    }

    /// Says whether the socket can go on writing when the peer has closed its end.
    fn allow_half_open(&self) -> bool {
        self.core().settings().allow_half_open
    }

    /// Sets whether the socket can go on writing when the peer has closed its end. The default is
    /// `false`, as in Qt: the connection then ends as a whole, with
    /// [`RemoteHostClosed`](SocketError::RemoteHostClosed).
    ///
    /// If it is `true`, `read_channel_finished` tells that the peer has finished, and reading gives
    /// `Ok(0)` after what came. The connection ends when this end is closed as well, in an orderly
    /// way.
    fn set_allow_half_open(&mut self, allow: bool) {
        self.core_mut().settings_mut().allow_half_open = allow;
    }

    /// Closes this end for writing when all that was written has gone out; the peer's end stays as
    /// it is, so that its answer can be read. While the connection is being made, it is finished
    /// first. Does nothing if the socket is neither connected nor connecting. See shutdown(2).
    fn shutdown_write(&mut self) {
        self.core_mut().shutdown_write();
    }

    /// Returns what makes the socket pause.
    #[doc(alias = "pauseMode")]
    fn pause_mode(&self) -> PauseMode {
        self.core().settings().pause_mode
    }

    /// Sets what makes the socket pause.
    #[doc(alias = "setPauseMode")]
    fn set_pause_mode(&mut self, mode: PauseMode) {
        self.core_mut().settings_mut().pause_mode = mode;
    }

    /// Lets a socket that has paused go on. A plain socket never does.
    fn resume(&mut self) {
        self.core_mut().make_room();
    }

    /// Returns the tag of the protocol that is spoken on this socket: empty unless somebody set it.
    #[doc(alias = "protocolTag")]
    fn protocol_tag(&self) -> &str {
        &self.core().settings().protocol_tag
    }

    /// Sets the tag of the protocol that is spoken on this socket, for whoever chooses a proxy by
    /// it.
    #[doc(alias = "setProtocolTag")]
    fn set_protocol_tag(&mut self, tag: &str) {
        tag.clone_into(&mut self.core_mut().settings_mut().protocol_tag);
    }

    /// Returns the system's descriptor, while there is one.
    ///
    /// It does not block. A duplicate of it does not block either, and keeps the system's socket open
    /// when this one is closed or destroyed. The loop hears nothing of it from then on.
    #[doc(alias = "socketDescriptor")]
    fn socket_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.core().engines().next()?.lend_descriptor()
    }

    /// Takes over a descriptor whose socket is in the given state: `Unconnected`, `Bound`, `Connecting`
    /// or `Connected`. Emits `state_changed` if that is a change, and nothing else; an earlier
    /// connection is closed without a word.
    ///
    /// The [options](Self::set_socket_option) that this socket was given before it had one of the
    /// system's are set. The others stay as the descriptor has them.
    ///
    /// The state is not checked, as in Qt, since a peer may end a connection at any time before. A
    /// TCP socket that is said to be connected and is not tells `error_occurred` in the loop's next
    /// pass, as a connection that is lost.
    ///
    /// # Errors
    ///
    /// Fails with [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation) if the
    /// descriptor is no TCP or UDP socket, as this one is, or one that listens, or if the system
    /// refuses an option for it; with
    /// [`Operation`](SocketError::Operation) if this one was not added to a runtime, or for another
    /// state. The descriptor is closed then.
    #[doc(alias = "setSocketDescriptor")]
    fn set_socket_descriptor(
        &mut self,
        descriptor: OwnedFd,
        state: SocketState,
        mode: OpenMode,
    ) -> Result<(), NetError> {
        self.core_mut().set_socket_descriptor(descriptor, state, mode)
    }

    /// Returns the value of an option: the system's, and while the system has no socket for this one,
    /// the one that was [set early](Self::set_socket_option).
    ///
    /// # Errors
    ///
    /// Fails with [`Operation`](SocketError::Operation) if there is no such socket, and the option was
    /// not set; with [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation) if the
    /// system has no such option for it.
    #[doc(alias = "socketOption")]
    fn socket_option(&self, option: OptionName) -> Result<SocketOption, NetError> {
        self.core().option(option)
    }

    /// Sets an option.
    ///
    /// While the system has a socket for this one, the option belongs to that socket and ends with it.
    /// Until then (before the socket is bound, connects or is in a runtime, and while the name of
    /// its host is looked up) it is kept. From then on, every socket that the system opens for this one
    /// has it before it is bound or connects, that of a later connection as well, and so has one that
    /// is [taken over](Self::set_socket_descriptor). Of several options of one name the last holds.
    ///
    /// What the system refuses of the kept options is an error of that attempt:
    /// `error_occurred(UnsupportedSocketOperation)` if the socket connects, a returned error if it is
    /// bound or takes over a descriptor.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::{OptionName, QTcpSocket, SocketOption};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// let mut rt = Runtime::new()?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].set_socket_option(SocketOption::LowDelay(true))?;
    /// rt[socket].connect_to_host("127.0.0.1", port);
    /// assert!(rt.wait_for_connected(socket, None));
    /// let option = rt[socket].socket_option(OptionName::LowDelay)?;
    /// assert_eq!(option, SocketOption::LowDelay(true));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails with [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation) if the system
    /// has no such option for its socket, or not with this value. Before there is one, if no
    /// system has: [`PathMtu`](SocketOption::PathMtu) cannot be set, a UDP socket has none of TCP's
    /// options, and a time of zero is none.
    #[doc(alias = "setSocketOption")]
    fn set_socket_option(&mut self, option: SocketOption) -> Result<(), NetError> {
        self.core_mut().set_option(option)
    }

    /// Returns how long it may take to connect, from the call until the connection stands; `None`
    /// is as long as the system lets it.
    fn connect_timeout(&self) -> Option<Duration> {
        self.core().settings().connect_timeout
    }

    /// Sets how long it may take to connect: looking up the name and trying all its addresses.
    /// After that the socket gives up with [`SocketError::SocketTimeout`]. Holds from the next
    /// attempt on. The default is 30 seconds.
    fn set_connect_timeout(&mut self, timeout: Option<Duration>) {
        self.core_mut().settings_mut().connect_timeout = timeout;
    }

    /// Says whether the addresses of a name race each other.
    fn happy_eyeballs(&self) -> bool {
        self.core().settings().happy_eyeballs
    }

    /// Sets whether the addresses of a name race each other, as RFC 8305 says: IPv6 and IPv4
    /// alternately, each 250 ms after the one before or as soon as that has failed; the first that answers
    /// wins. The default is `true`. Otherwise, as in Qt, they are tried one after the other in the
    /// resolver's order, sharing the [time](Self::set_connect_timeout) that there is.
    ///
    /// A socket that was bound tries them one after the other, too, and turns to the next one only when
    /// the one before has failed: an address that does not answer takes all the time.
    fn set_happy_eyeballs(&mut self, race: bool) {
        self.core_mut().settings_mut().happy_eyeballs = race;
    }

    /// Sets the address and the port of this end, with the address's scope id, for a class that
    /// knows better than the system.
    #[doc(alias = "setLocalAddress")]
    #[doc(alias = "setLocalPort")]
    fn set_local_addr(&mut self, address: Option<SocketAddr>) {
        let local = address.map(Endpoint::from).unwrap_or_default();
        self.core_mut().set_local(local);
    }

    /// Sets the address of this end, without a scope id, for a class that knows better than the
    /// system.
    #[doc(alias = "setLocalAddress")]
    fn set_local_address(&mut self, address: Option<IpAddr>) {
        let core = self.core_mut();
        let local = core.local().with_address(address);
        core.set_local(local);
    }

    /// Sets the port of this end, for a class that knows better than the system.
    #[doc(alias = "setLocalPort")]
    fn set_local_port(&mut self, port: Option<u16>) {
        let core = self.core_mut();
        let local = Endpoint { port, ..core.local() };
        core.set_local(local);
    }

    /// Sets the address and the port of the peer, with the address's scope id, for a class that
    /// knows better than the system.
    #[doc(alias = "setPeerAddress")]
    #[doc(alias = "setPeerPort")]
    fn set_peer_addr(&mut self, address: Option<SocketAddr>) {
        self.core_mut().peer = address.map(Endpoint::from).unwrap_or_default();
    }

    /// Sets the address of the peer, without a scope id, for a class that knows better than the
    /// system.
    #[doc(alias = "setPeerAddress")]
    fn set_peer_address(&mut self, address: Option<IpAddr>) {
        let core = self.core_mut();
        core.peer = core.peer.with_address(address);
    }

    /// Sets the port of the peer, for a class that knows better than the system.
    #[doc(alias = "setPeerPort")]
    fn set_peer_port(&mut self, port: Option<u16>) {
        self.core_mut().peer.port = port;
    }

    /// Sets the name of the peer, for a class that knows better.
    #[doc(alias = "setPeerName")]
    fn set_peer_name(&mut self, name: &str) {
        name.clone_into(&mut self.core_mut().extra_mut().peer_name);
    }

    /// Sets the state, without a signal, for a class that connects in its own way.
    #[doc(alias = "setSocketState")]
    fn set_socket_state(&mut self, state: SocketState) {
        self.core_mut().set_state(state);
    }

    /// Sets the last error, without a signal, for a class that finds errors of its own.
    #[doc(alias = "setSocketError")]
    fn set_socket_error(&mut self, error: Option<SocketError>) {
        self.core_mut().set_error(error);
    }
}

crate::object_trait!(QAbstractSocket);

/// What every class of sockets does as it enters a runtime.
pub(super) fn enter<S: QAbstractSocket>(socket: &mut S, anchor: &Anchor<'_>) {
    socket.core_mut().enter(anchor);
}

/// What every class of sockets does as it leaves its runtime.
pub(super) fn leave<S: QAbstractSocket>(socket: &mut S) {
    socket.core_mut().leave();
}

/// What every class of sockets does as it is woken.
pub(super) fn wake<S: QAbstractSocket>(socket: &mut S, occasion: Occasion) -> Response {
    socket.core_mut().wake(occasion)
}

/// What the classes of sockets extend. A class shows the signals itself, since it alone has them.
pub(crate) static META: MetaObject = MetaObject::new("QAbstractSocket")
    .with_super_class(|| &Q_IO_DEVICE)
    .with_slots(&[MetaSlot::new("abort"), MetaSlot::new("disconnect_from_host")]);
