//! `QAbstractSocket`: the trait of all sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use super::core::SocketCore;
use super::endpoint::Endpoint;
use super::machine::Machine;
use crate::io::{OpenMode, Q_IO_DEVICE, QIODevice};
use crate::net::engine::Question;
use crate::net::proxy::{NetworkProxy, ProxyAuthentication};
use crate::net::values::{
    BindAddress, BindMode, NetError, NetworkLayerProtocol, OptionName, PauseMode, ReadyReadPolicy,
    SocketError, SocketOption, SocketState, SocketType, canonical, host_text,
};
use crate::object::{MetaObject, MetaSlot, Signal};

/// Defines what all sockets have in common: states, a peer, and the signals for both.
///
/// No method blocks. A call starts an operation, and signals report its progress and its result. A
/// socket may pass through several states one right after the other. Even so, a slot on
/// `state_changed` always finds the socket in the state that the signal announces.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a socket",
    label = "not a `QAbstractSocket`",
    note = "a socket is a class with `#[qobject(base: QAbstractSocket)]` on the socket that it \
            extends"
)]
pub trait QAbstractSocket: QIODevice {
    /// Returns the state that all sockets share.
    #[doc(hidden)]
    fn core(&self) -> &SocketCore;

    /// Returns the state machine that the provided methods work on.
    #[doc(hidden)]
    fn machine(&mut self) -> Machine<'_>;

    /// Emitted when the lookup of the peer's name has succeeded, before the socket tries the first
    /// address.
    #[doc(alias = "hostFound")]
    #[must_use = "this returns the signal and emits nothing"]
    fn host_found(&self) -> &Signal<()> {
        &self.core().needed_extra().host_found
    }

    /// Emitted when a connection is established.
    #[must_use = "this returns the signal and emits nothing"]
    fn connected(&self) -> &Signal<()> {
        &self.core().needed_extra().connected
    }

    /// Emitted when a connection has ended. Bytes that came before the end can still be read.
    #[must_use = "this returns the signal and emits nothing"]
    fn disconnected(&self) -> &Signal<()> {
        &self.core().signals().disconnected
    }

    /// Emitted when the state has changed, with the new state.
    #[doc(alias = "stateChanged")]
    #[must_use = "this returns the signal and emits nothing"]
    fn state_changed(&self) -> &Signal<SocketState> {
        &self.core().needed_extra().state_changed
    }

    /// Emitted when an operation has failed, with the error.
    ///
    /// If the peer closed the connection, the socket is still connected while the slots run. A slot
    /// can read the bytes that came before.
    #[doc(alias = "errorOccurred")]
    #[must_use = "this returns the signal and emits nothing"]
    fn error_occurred(&self) -> &Signal<SocketError> {
        &self.core().signals().error_occurred
    }

    /// Emitted when the [limit](Self::set_write_buffer_limit) has cut a write short or refused it, and
    /// half of the limit is free again.
    ///
    /// A message that needs more than half of the limit may be refused again then, and the signal is
    /// emitted again.
    ///
    /// A UDP socket emits this signal when the network has room again, after a datagram was refused
    /// with [`Temporary`](SocketError::Temporary).
    #[must_use = "this returns the signal and emits nothing"]
    fn write_buffer_drained(&self) -> &Signal<()> {
        &self.core().needed_extra().write_buffer_drained
    }

    /// Emitted when a proxy wants a user and a password, or other ones. A slot puts them into the
    /// [`Authenticator`](crate::Authenticator); after the slots have run, the socket tries again with
    /// them. If no slot has given other credentials, the attempt fails with
    /// [`ProxyAuthenticationRequired`](SocketError::ProxyAuthenticationRequired).
    #[doc(alias = "proxyAuthenticationRequired")]
    #[must_use = "this returns the signal and emits nothing"]
    fn proxy_authentication_required(&self) -> &Signal<ProxyAuthentication> {
        &self.core().needed_extra().proxy_authentication_required
    }

    /// Emitted when a layer of a connection that is not established yet asks the program a question,
    /// with the question. The handshake goes on after the slots have run.
    #[doc(hidden)]
    #[must_use = "this returns the signal and emits nothing"]
    fn question_asked(&self) -> &Signal<Question> {
        &self.core().needed_extra().question_asked
    }

    /// Begins to connect to a host, given by name or by address. A link-local address needs the
    /// name or the index of its interface: `fe80::1%eth0`, `fe80::1%3`.
    ///
    /// Opens the device for reading and writing. Bytes that are written from now on are sent once
    /// the connection is established. A name is looked up in another thread, as by
    /// [`World::look_up_host`](crate::World::look_up_host). The addresses of a name race each
    /// other: see [`set_happy_eyeballs`](Self::set_happy_eyeballs).
    ///
    /// Signals: `state_changed(HostLookup)`, `state_changed(Connecting)`, `host_found`,
    /// `state_changed(Connected)`, `connected`; or, on failure, `state_changed(Unconnected)` and
    /// `error_occurred`. In any state but `Unconnected` and `Bound` the call changes nothing and
    /// emits `error_occurred(Operation)`.
    ///
    /// A socket that is not in a runtime yet begins to connect when it is added to one.
    #[doc(alias = "connectToHost")]
    fn connect_to_host(&mut self, host: &str, port: u16) {
        self.connect_to_host_with(host, port, OpenMode::READ_WRITE, NetworkLayerProtocol::Any);
    }

    /// Begins to connect to a host, with a choice of the open mode and of the address family.
    ///
    /// A socket that is not open for reading drops the bytes that it receives. With
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
        self.machine().get().connect_to_host(host.to_owned(), None, port, mode, protocol);
    }

    /// Begins to connect to an address; otherwise as
    /// [`connect_to_host_with`](Self::connect_to_host_with).
    #[doc(alias = "connectToHost")]
    fn connect_to_address(&mut self, address: SocketAddr, mode: OpenMode) {
        let address = canonical(address);
        let (name, any) = (host_text(address), NetworkLayerProtocol::Any);
        self.machine().get().connect_to_host(name, Some(address), address.port(), mode, any);
    }

    /// Binds the socket to an address and a port of this host. With port 0 the system chooses the
    /// port.
    ///
    /// A TCP socket connects from this address; a UDP socket also receives the datagrams that are
    /// sent to it. Emits `state_changed(Bound)`. If the system chose the port of a TCP socket and
    /// the peer's first address refuses the connection, Linux chooses another port for the next
    /// address.
    ///
    /// A UDP socket that has a SOCKS5 [proxy](Self::set_proxy) asks the proxy to relay its datagrams.
    /// Then this call returns at once, the state is `HostLookup` and `Connecting`, and
    /// `state_changed(Bound)` comes with the proxy's answer. Until then there is no local port.
    /// [`Runtime::wait_for_bound`](crate::Runtime::wait_for_bound) waits for it. `address` and `port`
    /// are those from which the datagrams go to the proxy; nobody else sees them.
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
    /// The error is both returned and emitted as `error_occurred`:
    /// [`AddressInUse`](SocketError::AddressInUse),
    /// [`SocketAddressNotAvailable`](SocketError::SocketAddressNotAvailable),
    /// [`SocketAccess`](SocketError::SocketAccess) or another error of the system;
    /// [`Unknown`](SocketError::Unknown) if the socket is bound or connected already, as in Qt;
    /// [`Operation`](SocketError::Operation) if the socket is not in a runtime;
    /// [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation) if the socket has a
    /// proxy that cannot bind it: any proxy of a TCP socket, an HTTP proxy of a UDP socket.
    ///
    /// What a proxy reports later is emitted alone.
    fn bind(
        &mut self,
        address: impl Into<BindAddress>,
        port: u16,
        mode: BindMode,
    ) -> Result<(), NetError>
    where
        Self: Sized,
    {
        self.machine().get().bind(address.into(), port, mode)
    }

    /// Binds the socket to a port on all addresses of this host; otherwise as [`bind`](Self::bind).
    #[doc(alias = "bind")]
    fn bind_port(&mut self, port: u16, mode: BindMode) -> Result<(), NetError> {
        self.machine().get().bind(BindAddress::Any, port, mode)
    }

    /// Ends the connection after all written bytes are sent.
    ///
    /// A socket that is still connecting first finishes connecting. Signals:
    /// `state_changed(Closing)`, then, when all bytes are sent, `state_changed(Unconnected)`,
    /// `read_channel_finished` and `disconnected`.
    #[doc(alias = "disconnectFromHost")]
    fn disconnect_from_host(&mut self) {
        self.machine().get().disconnect_from_host();
    }

    /// Ends the connection at once and closes the device. Drops the written bytes that are not sent
    /// yet.
    ///
    /// Signals: `about_to_close`, `state_changed(Unconnected)`, `read_channel_finished`, and
    /// `disconnected` if the socket was connected.
    fn abort(&mut self) {
        self.machine().get().abort();
    }

    /// Ends the connection at once by a reset (RFC 9293, section 3.10.7), so that the peer cannot take
    /// the part of a message that it has for the whole. Otherwise as [`abort`](Self::abort).
    ///
    /// A read of the peer fails with [`ConnectionReset`](std::io::ErrorKind::ConnectionReset), and may
    /// lose bytes that came before. The system sends the reset when the last descriptor of the
    /// connection is closed. A socket that is not connected, and a UDP socket, has no connection to
    /// reset: then this is `abort`.
    fn abort_with_reset(&mut self) {
        self.machine().get().abort_with_reset();
    }

    /// Returns the proxy that is set on this socket. The default value means the proxy of the
    /// application. Which proxy was chosen, [`chosen_proxy`](Self::chosen_proxy) tells.
    fn proxy(&self) -> &NetworkProxy {
        self.core().settings().proxy.get()
    }

    /// Returns the proxy by which the socket connects, is connected or was connected last: its own,
    /// that of the application, or the one of a factory's list that was chosen. Returns `None` if
    /// that connection is direct, and if there was none. The factory is asked when the socket begins
    /// to connect, so this is known from then on, also in a slot on `error_occurred`.
    ///
    /// ```
    /// use slotwire::NetworkProxy;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// rt.set_application_proxy(NetworkProxy::socks5("proxy.invalid", 1080));
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].connect_to_host("example.org", 80);
    /// assert_eq!(rt[socket].chosen_proxy().map(NetworkProxy::host_name), Some("proxy.invalid"));
    /// # Ok(())
    /// # }
    /// ```
    fn chosen_proxy(&self) -> Option<&NetworkProxy> {
        self.core().chosen_proxy()
    }

    /// Sets the proxy by which the socket connects from the next attempt on. An attempt begins with
    /// the call of `connect_to_host`, or later, when the socket is added to a runtime. With
    /// [`NetworkProxy::none`] it connects directly, whatever the proxy of the application is.
    ///
    /// The proxy looks the peer's name up, so `host_found` is emitted only for a peer that is an
    /// address. The connect time-out covers the conversation with the proxy.
    ///
    /// A SOCKS5 proxy also relays the datagrams of a UDP socket: see [`bind`](Self::bind). What a proxy
    /// cannot carry fails with
    /// [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation), and nothing goes past
    /// the proxy. A UDP socket that is bound or connected already still sends directly, so set its
    /// proxy before.
    #[doc(alias = "setProxy")]
    fn set_proxy(&mut self, proxy: NetworkProxy) {
        self.machine().core().settings_mut().proxy.set(proxy);
    }

    /// Returns the state.
    fn state(&self) -> SocketState {
        self.core().state()
    }

    /// Returns the last error since the socket last began to connect.
    fn error(&self) -> Option<SocketError> {
        self.core().error()
    }

    /// Returns the system's error behind the last error, if there is one.
    fn os_error(&self) -> Option<&io::Error> {
        self.core().error_source()
    }

    /// Returns the kind of the socket: TCP or UDP.
    #[doc(alias = "socketType")]
    fn socket_type(&self) -> SocketType {
        self.core().kind()
    }

    /// Returns true if this socket has a socket of the system.
    #[doc(alias = "isValid")]
    fn is_valid(&self) -> bool {
        self.core().is_valid()
    }

    /// Returns the address and the port of this end, while the socket is connected or bound.
    ///
    /// A slot on `disconnected` still finds the address. After the last of these slots has run,
    /// this is `None`; a slot on a queued connection may run after that.
    ///
    /// A link-local address has its scope id. An IPv4 address is shown as an IPv4 address, even on
    /// a dual-stack IPv6 socket.
    #[doc(alias = "localAddress")]
    #[doc(alias = "localPort")]
    fn local_addr(&self) -> Option<SocketAddr> {
        self.core().local().addr()
    }

    /// Returns the address and the port of the peer, while the socket is connected.
    ///
    /// A slot on `disconnected` still finds the address. After the last of these slots has run,
    /// this is `None`; a slot on a queued connection may run after that.
    ///
    /// Use this address to connect to the peer again: a link-local address has its scope id here,
    /// which [`peer_address`](Self::peer_address) lacks and without which the peer cannot be
    /// reached. An IPv4 address is shown as an IPv4 address, even on a dual-stack IPv6 socket.
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
        self.core().peer().addr()
    }

    /// Returns the address of this end, while the socket is connected or bound, and in slots on
    /// `disconnected`, as [`local_addr`](Self::local_addr) does.
    ///
    /// An IPv4 address is shown as an IPv4 address, even on a dual-stack IPv6 socket. A link-local
    /// address lacks its scope id here; [`local_addr`](Self::local_addr) has it.
    #[doc(alias = "localAddress")]
    fn local_address(&self) -> Option<IpAddr> {
        self.core().local().address()
    }

    /// Returns the address of this end in Qt's sense, while the socket is connected or bound, and
    /// in slots on `disconnected`, as [`local_addr`](Self::local_addr) does.
    ///
    /// [`BindAddress::Any`] is IPv6 and IPv4, [`BindAddress::AnyIpv6`] is IPv6 alone.
    /// [`local_address`](Self::local_address) returns the unspecified IPv6 address for both.
    #[doc(alias = "localAddress")]
    fn bound_address(&self) -> Option<BindAddress> {
        self.core().local().bound_address()
    }

    /// Returns the port of this end, while the socket is connected or bound, and in slots on
    /// `disconnected`, as [`local_addr`](Self::local_addr) does.
    #[doc(alias = "localPort")]
    fn local_port(&self) -> Option<u16> {
        self.core().local().port()
    }

    /// Returns the address of the peer, while the socket is connected, and in slots on
    /// `disconnected`, as [`peer_addr`](Self::peer_addr) does.
    ///
    /// An IPv4 address is shown as an IPv4 address, even on a dual-stack IPv6 socket. A link-local
    /// address lacks its scope id here; [`peer_addr`](Self::peer_addr) has it.
    #[doc(alias = "peerAddress")]
    fn peer_address(&self) -> Option<IpAddr> {
        self.core().peer().address()
    }

    /// Returns the port of the peer, while the socket is connected, and in slots on `disconnected`,
    /// as [`peer_addr`](Self::peer_addr) does.
    #[doc(alias = "peerPort")]
    fn peer_port(&self) -> Option<u16> {
        self.core().peer().port()
    }

    /// Returns the host name or address that the last call of `connect_to_host` was given,
    /// unchanged.
    #[doc(alias = "peerName")]
    fn peer_name(&self) -> &str {
        self.core().peer_name()
    }

    /// Returns the limit of the read buffer, in bytes; `None` is no limit.
    #[doc(alias = "readBufferSize")]
    fn read_buffer_size(&self) -> Option<usize> {
        self.core().settings().read_limit
    }

    /// Sets the limit of the read buffer, in bytes. `None`, the default, is no limit; so is
    /// `Some(0)`, as 0 is in Qt.
    ///
    /// When the buffer is full, the socket stops reading until there is room, so the peer cannot
    /// send more either. Datagrams wait in the system's buffer and do not count. For a UDP socket
    /// the limit is the number of bytes that a line reader buffers before it returns them as a
    /// line.
    #[doc(alias = "setReadBufferSize")]
    fn set_read_buffer_size(&mut self, size: Option<usize>) {
        let machine = self.machine().get();
        machine.core_mut().settings_mut().read_limit = size.filter(|&size| size > 0);
        machine.make_room();
    }

    /// Returns the limit of the write buffer, in bytes; `None` is no limit.
    fn write_buffer_limit(&self) -> Option<usize> {
        self.core().settings().write_limit
    }

    /// Sets the limit of the write buffer, in bytes. `None`, the default, is no limit, as in Qt; so
    /// is `Some(0)`.
    ///
    /// [`write`](std::io::Write::write) takes as many bytes as there is room for, and fails with
    /// `WouldBlock` if there is none. [`write_all`](std::io::Write::write_all), `write!` and
    /// `writeln!` write all or nothing: they fail with `WouldBlock` if there is no room for all bytes
    /// now, and with `InvalidInput` if there are more bytes than the limit. After a short or a refused
    /// write, [`write_buffer_drained`](Self::write_buffer_drained) is emitted once half of the limit is
    /// free again. A message that needs more than half of the limit may be refused again then, and the
    /// signal is emitted again.
    /// [`bytes_to_write`](QIODevice::bytes_to_write) then counts only buffered bytes, and is never
    /// more than the limit.
    fn set_write_buffer_limit(&mut self, limit: Option<usize>) {
        self.machine().core().settings_mut().write_limit = limit.filter(|&limit| limit > 0);
    }

    /// Returns when `ready_read` is emitted.
    fn ready_read_policy(&self) -> ReadyReadPolicy {
        self.core().settings().ready_read_policy
    }

    /// Sets when `ready_read` is emitted.
    fn set_ready_read_policy(&mut self, policy: ReadyReadPolicy) {
        self.machine().core().settings_mut().ready_read_policy = policy;
    }

    /// Returns true if the socket can go on writing after the peer has closed its end.
    fn allow_half_open(&self) -> bool {
        self.core().settings().allow_half_open
    }

    /// Sets whether the socket can go on writing after the peer has closed its end. The default is
    /// `false`, as in Qt: when the peer closes its end, the whole connection ends, with
    /// [`RemoteHostClosed`](SocketError::RemoteHostClosed).
    ///
    /// With `true`, `read_channel_finished` is emitted when the peer has closed its end, and a read
    /// returns `Ok(0)` after the last byte. The connection ends without an error when this end is
    /// closed as well.
    fn set_allow_half_open(&mut self, allow: bool) {
        self.machine().core().settings_mut().allow_half_open = allow;
    }

    /// Closes this end for writing after all written bytes are sent; the peer can still send an
    /// answer.
    ///
    /// A socket that is still connecting first finishes connecting. Does nothing if the socket is
    /// neither connected nor connecting, and on a UDP socket: datagrams have no end. See
    /// shutdown(2).
    fn shutdown_write(&mut self) {
        self.machine().get().shutdown_write();
    }

    /// Returns the events that make the socket pause.
    #[doc(alias = "pauseMode")]
    fn pause_mode(&self) -> PauseMode {
        self.core().settings().pause_mode
    }

    /// Sets the events that make the socket pause.
    #[doc(alias = "setPauseMode")]
    fn set_pause_mode(&mut self, mode: PauseMode) {
        self.machine().core().settings_mut().pause_mode = mode;
    }

    /// Resumes a socket that has paused because of its [`pause_mode`](Self::pause_mode). Then the
    /// connection ends, if errors are left that the program does not ignore. Does nothing on a socket
    /// that has not paused; only a `QSslSocket` (feature `tls`) pauses.
    fn resume(&mut self) {
        self.machine().get().resume();
    }

    /// Returns the tag of the protocol that this socket speaks; empty by default.
    #[doc(alias = "protocolTag")]
    fn protocol_tag(&self) -> &str {
        &self.core().settings().protocol_tag
    }

    /// Sets the tag of the protocol that this socket speaks, for code that chooses a proxy by the
    /// tag.
    #[doc(alias = "setProtocolTag")]
    fn set_protocol_tag(&mut self, tag: &str) {
        tag.clone_into(&mut self.machine().core().settings_mut().protocol_tag);
    }

    /// Returns the descriptor of the system's socket, while there is one.
    ///
    /// The descriptor is non-blocking, and so is a duplicate of it. A duplicate keeps the system's
    /// socket open after this socket is closed or destroyed; from then on the loop does not watch
    /// it.
    #[doc(alias = "socketDescriptor")]
    fn socket_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.core().lend_descriptor()
    }

    /// Takes over a descriptor whose socket is in the given state: `Unconnected`, `Bound`,
    /// `Connecting` or `Connected`. Emits `state_changed` if the state changes, and no other
    /// signal, even if the call closes an earlier connection.
    ///
    /// Sets the [options](Self::set_socket_option) that this socket keeps. Other options of the
    /// descriptor stay as they are.
    ///
    /// The state is not checked, as in Qt: a peer may end a connection at any time. If the state is
    /// `Connected` and the descriptor has no connection, a TCP socket emits `error_occurred` in the
    /// next pass of the loop, as for a lost connection.
    ///
    /// # Errors
    ///
    /// Fails with [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation) if the
    /// descriptor's socket is not of this socket's [kind](Self::socket_type), if it listens, or if
    /// the system refuses an option; with [`Operation`](SocketError::Operation) if this socket is
    /// not in a runtime, or for another state. A call that fails closes the descriptor.
    #[doc(alias = "setSocketDescriptor")]
    fn set_socket_descriptor(
        &mut self,
        descriptor: OwnedFd,
        state: SocketState,
        mode: OpenMode,
    ) -> Result<(), NetError> {
        self.machine().get().set_socket_descriptor(descriptor, state, mode)
    }

    /// Returns the value of an option: that of the system's socket, or the
    /// [kept](Self::set_socket_option) value while there is no such socket.
    ///
    /// # Errors
    ///
    /// Fails with [`Operation`](SocketError::Operation) if the system has no socket for this one
    /// and the option was not set; with
    /// [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation) if the system's
    /// socket has no such option.
    #[doc(alias = "socketOption")]
    fn socket_option(&self, option: OptionName) -> Result<SocketOption, NetError> {
        self.core().option(option)
    }

    /// Sets an option.
    ///
    /// While the system has a socket for this one, the option is set on that socket and ends with
    /// it. Before that (until the socket is in a runtime, is bound or has looked up the name of its
    /// host), this socket keeps the option. A kept option is set on every socket that the system
    /// opens for this one, before it is bound or connects, also for later connections, and on a
    /// descriptor that is [taken over](Self::set_socket_descriptor). Of several values for one
    /// option the last is kept.
    ///
    /// If the system refuses a kept option, the attempt fails: with
    /// `error_occurred(UnsupportedSocketOperation)` if the socket connects, with a returned error
    /// if it is bound or takes over a descriptor.
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
    /// Fails with [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation) if the
    /// system's socket does not support the option or the value. For an option to be kept, fails
    /// only where no system can succeed: [`PathMtu`](SocketOption::PathMtu), which cannot be set,
    /// an option of TCP on a UDP socket, and a time of zero.
    #[doc(alias = "setSocketOption")]
    fn set_socket_option(&mut self, option: SocketOption) -> Result<(), NetError> {
        self.machine().core().set_option(option)
    }

    /// Returns the time limit for connecting, from the call until the connection is established.
    /// With `None` the system decides.
    fn connect_timeout(&self) -> Option<Duration> {
        self.core().settings().connect_timeout
    }

    /// Sets the time limit for connecting, which includes looking up the name and trying all its
    /// addresses. When it has passed, the attempt fails with [`SocketError::SocketTimeout`].
    /// Applies from the next attempt on. The default is 30 seconds.
    fn set_connect_timeout(&mut self, timeout: Option<Duration>) {
        self.machine().core().settings_mut().connect_timeout = timeout;
    }

    /// Returns true if the addresses of a name race each other.
    fn happy_eyeballs(&self) -> bool {
        self.core().settings().happy_eyeballs
    }

    /// Sets whether the addresses of a name race each other, as in RFC 8305. The default is `true`:
    /// the socket tries IPv6 and IPv4 addresses alternately, starts each 250 ms after the one
    /// before or as soon as that has failed, and takes the first that answers. With `false`, as in
    /// Qt, it tries one address after the other in the resolver's order, and they share the [time
    /// limit](Self::set_connect_timeout).
    ///
    /// A socket that was bound always tries one address after the other, and the next one only
    /// after the one before has failed: an address that does not answer takes all the time.
    fn set_happy_eyeballs(&mut self, race: bool) {
        self.machine().core().settings_mut().happy_eyeballs = race;
    }

    /// Sets the address, with its scope id, and the port of this end, for a class that knows better
    /// than the system.
    #[doc(alias = "setLocalAddress")]
    #[doc(alias = "setLocalPort")]
    fn set_local_addr(&mut self, address: Option<SocketAddr>) {
        let local = address.map(Endpoint::from).unwrap_or_default();
        self.machine().core().set_local(local);
    }

    /// Sets the address of this end, without a scope id, for a class that knows better than the
    /// system.
    #[doc(alias = "setLocalAddress")]
    fn set_local_address(&mut self, address: Option<IpAddr>) {
        let core = self.machine().core();
        let local = core.local().with_address(address);
        core.set_local(local);
    }

    /// Sets the port of this end, for a class that knows better than the system.
    #[doc(alias = "setLocalPort")]
    fn set_local_port(&mut self, port: Option<u16>) {
        let core = self.machine().core();
        let local = core.local().with_port(port);
        core.set_local(local);
    }

    /// Sets the address, with its scope id, and the port of the peer, for a class that knows better
    /// than the system.
    #[doc(alias = "setPeerAddress")]
    #[doc(alias = "setPeerPort")]
    fn set_peer_addr(&mut self, address: Option<SocketAddr>) {
        self.machine().core().set_peer(address.map(Endpoint::from).unwrap_or_default());
    }

    /// Sets the address of the peer, without a scope id, for a class that knows better than the
    /// system.
    #[doc(alias = "setPeerAddress")]
    fn set_peer_address(&mut self, address: Option<IpAddr>) {
        let core = self.machine().core();
        core.set_peer(core.peer().with_address(address));
    }

    /// Sets the port of the peer, for a class that knows better than the system.
    #[doc(alias = "setPeerPort")]
    fn set_peer_port(&mut self, port: Option<u16>) {
        let core = self.machine().core();
        core.set_peer(core.peer().with_port(port));
    }

    /// Sets the name of the peer, for a class that connects in its own way.
    #[doc(alias = "setPeerName")]
    fn set_peer_name(&mut self, name: &str) {
        self.machine().core().set_peer_name(name.to_owned());
    }

    /// Sets the state without emitting a signal, for a class that connects in its own way.
    #[doc(alias = "setSocketState")]
    fn set_socket_state(&mut self, state: SocketState) {
        self.machine().core().set_state(state);
    }

    /// Sets the last error without emitting a signal, for a class that finds errors of its own.
    #[doc(alias = "setSocketError")]
    fn set_socket_error(&mut self, error: Option<SocketError>) {
        self.machine().core().set_error_for_good(error);
    }
}

crate::object_trait!(QAbstractSocket);

/// The meta object that those of the socket classes extend. Each socket class lists the signals
/// itself.
pub(crate) static META: MetaObject = MetaObject::new("QAbstractSocket")
    .with_super_class(|| &Q_IO_DEVICE)
    .with_slots(&[MetaSlot::new("abort"), MetaSlot::new("disconnect_from_host")]);
