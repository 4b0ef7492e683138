//! What the compiler says to calls that cannot be: methods which exist for their error messages.
//!
//! A handle is not its object, a slot cannot wait, and a socket does not wait by itself. For each
//! of these there is a trait that no type implements, with the message, and methods of the names
//! that people try, which ask for that trait. So a call is an error that names the fix, and not
//! "method not found". The methods are hidden in the docs and are never called. `tests/names.rs`
//! checks that the list of names is complete, and `tests/ui/` has the messages.
#![allow(clippy::wrong_self_convention, reason = "the names are those of other types' methods")]

use std::time::Duration;

use crate::Error;
#[cfg(not(feature = "sim"))]
use crate::event_loop::Runtime;
use crate::event_loop::{QThread, QTimer};
#[cfg(not(feature = "http-proxy"))]
use crate::net::NetworkProxy;
#[cfg(feature = "tls")]
use crate::net::QSslSocket;
use crate::net::{Blocking, QAbstractSocket, QTcpServer, QTcpSocket, QUdpSocket};
use crate::object::{Obj, Target, World};

/// What a handle is not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a handle, and not the object itself",
    label = "write `cx[handle].…` in a slot, and `rt[handle].…` or `world[handle].…` elsewhere",
    note = "a handle is the number of an object: it can be copied and kept, and the object is reached \
            through the runtime, as in `cx[self.socket].write_all(b\"…\")?`"
)]
pub trait TheObject {}

/// What only a world does with an object.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a handle: the runtime does this, and takes the handle as an argument",
    label = "write `cx.…(handle, …)` in a slot, and `rt.…(handle, …)` or `world.…(handle, …)` \
             elsewhere",
    note = "the runtime has the objects, their parents and their connections: \
            `cx.destroy(self.socket)`, `cx.set_parent(child, parent)`, \
            `rt.connect(sender, Class::signal, receiver, Class::slot)`"
)]
pub trait TheWorld {}

/// What no object does by itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not do this by itself: the runtime does, and takes a handle as an argument",
    label = "write `cx.…(handle, …)` in a slot, and `rt.…(handle, …)` or `world.…(handle, …)` \
             elsewhere",
    note = "the runtime has the objects, their parents and their connections: \
            `cx.destroy(self.socket)`, `cx.set_parent(child, parent)`, \
            `rt.connect(sender, Class::signal, receiver, Class::slot)`"
)]
pub trait IsTheWorld<'a> {}

/// What only a runtime does.
#[diagnostic::on_unimplemented(
    message = "a slot cannot wait and cannot run the event loop",
    label = "only a `Runtime` has this method, and a slot gets no `Runtime`",
    note = "while a slot waits, nothing else in its runtime could run: return from the slot, and \
            connect another slot to the signal that comes when there is something to do (`connected`, \
            `ready_read`, `bytes_written`, `disconnected`, a timer's `timeout`)",
    note = "`cx.quit()` ends the event loop; what a slot emits is delivered when the slot has \
            returned; `cx.later(handle, …)` calls after this slot, and `cx.invoke(handle, …)` in a \
            later pass of the loop"
)]
pub trait MayWait<'a> {
    /// Stands for the result of a method that is never called.
    fn never<R>(&self) -> R;
}

/// What no socket does by itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not wait by itself",
    label = "write `rt.wait_for_…(handle, timeout)`: the runtime waits",
    note = "a slot cannot wait: connect a slot to the signal instead"
)]
pub trait WaitsByItself<'a> {}

/// What no timer does by itself.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` has no single shots: the runtime has them",
    label = "write `cx.single_shot(delay, handle, Class::slot)`, or `rt.single_shot_fn(delay, |world| …)`"
)]
pub trait ShootsByItself<'a> {}

/// The feature `sim`, where it is off.
#[diagnostic::on_unimplemented(
    message = "a simulated network needs the feature `sim` of slotwire",
    label = "add `features = [\"sim\"]` to the line of slotwire in Cargo.toml",
    note = "most programs need it in `[dev-dependencies]` only: \
            `cargo add --dev slotwire --features sim`, with the same source as the dependency"
)]
pub trait FeatureSim<'a> {}

/// The feature `http-proxy`, where it is off.
#[diagnostic::on_unimplemented(
    message = "proxies that speak HTTP need the feature `http-proxy` of slotwire",
    label = "add `features = [\"http-proxy\"]` to the line of slotwire in Cargo.toml"
)]
pub trait FeatureHttpProxy<'a> {}

/// Writes methods of these names.
macro_rules! names {
    ($($name:ident)*) => { $(pub fn $name(&self) {})* };
}

/// The methods of devices, sockets, servers, timers and threads.
#[doc(hidden)]
impl<T: ?Sized + Target> Obj<T>
where
    Self: TheObject,
{
    // Of the standard library's traits.
    names! {
        read read_exact read_to_end read_to_string fill_buf consume read_line read_until write
        write_all write_fmt flush
    }

    // Of devices.
    names! {
        ready_read bytes_written about_to_close read_channel_finished channel_ready_read
        channel_bytes_written open close open_mode set_open_mode is_open is_readable is_writable
        is_text_mode_enabled set_text_mode_enabled is_sequential pos size seek_to reset
        bytes_available bytes_to_write can_read_line at_end read_all read_bytes read_line_bytes
        read_line_string read_line_max read_line_into peek skip forward_to echo get_char put_char
        unget_char start_transaction commit_transaction rollback_transaction is_transaction_started
        error_string set_error_string read_channel_count write_channel_count current_read_channel
        set_current_read_channel current_write_channel set_current_write_channel data set_data
        take_data
    }

    // Of sockets.
    names! {
        host_found connected disconnected state_changed error_occurred write_buffer_drained
        connect_to_host connect_to_host_with connect_to_address bind bind_port
        disconnect_from_host abort abort_with_reset state error os_error socket_type is_valid local_addr peer_addr
        local_address bound_address local_port peer_address peer_port peer_name read_buffer_size
        set_read_buffer_size write_buffer_limit set_write_buffer_limit ready_read_policy
        set_ready_read_policy allow_half_open set_allow_half_open shutdown_write pause_mode
        set_pause_mode resume protocol_tag set_protocol_tag socket_descriptor
        set_socket_descriptor socket_option set_socket_option connect_timeout set_connect_timeout
        happy_eyeballs set_happy_eyeballs set_local_addr set_local_address set_local_port
        set_peer_addr set_peer_address set_peer_port set_peer_name set_socket_state
        set_socket_error proxy set_proxy chosen_proxy proxy_authentication_required has_pending_datagrams pending_datagram_size read_datagram receive_datagram
        write_datagram send_datagram join_multicast_group join_multicast_group_on
        leave_multicast_group leave_multicast_group_on multicast_interface set_multicast_interface
    }

    // Of encrypted sockets.
    names! {
        alert_received alert_sent connect_to_host_encrypted connect_to_host_encrypted_with
        continue_interrupted_handshake dangerously_ignore_all_ssl_errors encrypted
        encrypted_bytes_available encrypted_bytes_to_write encrypted_bytes_written
        handshake_interrupted_on_error ignore_ssl_errors is_encrypted is_session_resumed
        local_certificate local_certificate_chain mode mode_changed new_session_ticket_received
        next_negotiated_protocol peer_certificate peer_certificate_chain peer_verify_depth
        peer_verify_error peer_verify_mode peer_verify_name private_key protocol session_cipher
        session_protocol set_local_certificate set_peer_verify_depth set_peer_verify_mode
        set_peer_verify_name set_protocol set_ssl_configuration ssl_configuration ssl_errors
        ssl_handshake_errors start_client_encryption start_server_encryption
    }

    // Of servers.
    names! {
        new_connection pending_connection_available accept_error listening listen listen_on is_listening
        server_address server_addr server_port has_pending_connections next_pending_connection
        add_pending_connection server_error listen_backlog_size set_listen_backlog_size
        max_pending_connections set_max_pending_connections pause_accepting resume_accepting
        bind_mode set_bind_mode started_encryption_handshake handshake_timeout set_handshake_timeout
        handshakes max_handshakes set_max_handshakes next_pending_ssl_connection
    }

    // Of readers of messages.
    names! {
        received device codec codec_mut encode max_length set_max_length skips_long_messages
        set_skips_long_messages is_paused pause_receiving resume_receiving
    }

    // Of timers, notifiers and threads.
    names! {
        timeout start start_with stop is_active remaining_time interval set_interval is_single_shot
        set_single_shot timer_type set_timer_type activated socket kind is_enabled set_enabled started
        finished quit exit remote is_running is_finished result
    }
}

/// The methods of a world that people look for on the object.
#[doc(hidden)]
impl<T: ?Sized + Target> Obj<T>
where
    Self: TheWorld,
{
    names! {
        destroy delete_later parent set_parent children find_child find_children object_name
        set_object_name block_signals property set_property connect connect_fn disconnect emit
        invoke later get get_mut send
    }
}

/// The waits of Qt's sockets and servers.
#[doc(hidden)]
impl<T: ?Sized + Target> Obj<T>
where
    Self: WaitsByItself<'static>,
{
    names! {
        wait_for_connected wait_for_ready_read wait_for_bytes_written wait_for_disconnected
        wait_for_new_connection wait_for_encrypted
    }
}

/// The methods of a runtime that a slot would call. Each asks for the trait by itself, so that the
/// compiler reports the trait's message for a context as well, which is no world but refers to one.
#[doc(hidden)]
impl World {
    pub fn exec<'a>(&mut self) -> Result<i32, Error>
    where
        Self: MayWait<'a>,
    {
        self.never()
    }

    pub fn process_events<'a>(&mut self, _: Option<Duration>) -> Result<bool, Error>
    where
        Self: MayWait<'a>,
    {
        self.never()
    }

    pub fn deliver<'a>(&mut self) -> bool
    where
        Self: MayWait<'a>,
    {
        self.never()
    }

    pub fn run_until<'a>(
        &mut self,
        _: Duration,
        _: impl FnMut(&Self) -> bool,
    ) -> Result<bool, Error>
    where
        Self: MayWait<'a>,
    {
        self.never()
    }

    pub fn blocking<'a, T>(&mut self, _: Obj<T>) -> Blocking<'_, T>
    where
        Self: MayWait<'a>,
        T: ?Sized + Target + QAbstractSocket,
    {
        self.never()
    }

    pub fn wait_for_new_connection<'a>(&mut self, _: Obj<QTcpServer>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
    {
        self.never()
    }

    pub fn wait_for_listening<'a>(&mut self, _: Obj<QTcpServer>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
    {
        self.never()
    }

    pub fn wait_for_thread<'a>(&mut self, _: Obj<QThread>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
    {
        self.never()
    }

    pub fn wait_for_connected<'a, T>(&mut self, _: Obj<T>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
        T: ?Sized + Target + QAbstractSocket,
    {
        self.never()
    }

    pub fn wait_for_ready_read<'a, T>(&mut self, _: Obj<T>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
        T: ?Sized + Target + QAbstractSocket,
    {
        self.never()
    }

    pub fn wait_for_bytes_written<'a, T>(&mut self, _: Obj<T>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
        T: ?Sized + Target + QAbstractSocket,
    {
        self.never()
    }

    pub fn wait_for_disconnected<'a, T>(&mut self, _: Obj<T>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
        T: ?Sized + Target + QAbstractSocket,
    {
        self.never()
    }

    #[cfg(feature = "tls")]
    pub fn wait_for_encrypted<'a>(&mut self, _: Obj<QSslSocket>, _: Option<Duration>) -> bool
    where
        Self: MayWait<'a>,
    {
        self.never()
    }
}

/// The same on the objects themselves. The bounds have a lifetime, since the compiler would refuse
/// a bound without parameters that does not hold.
#[doc(hidden)]
impl QTcpSocket
where
    for<'a> Self: WaitsByItself<'a>,
{
    names! { wait_for_connected wait_for_ready_read wait_for_bytes_written wait_for_disconnected }
}

#[doc(hidden)]
impl QUdpSocket
where
    for<'a> Self: WaitsByItself<'a>,
{
    names! { wait_for_connected wait_for_ready_read wait_for_bytes_written wait_for_disconnected }
}

#[cfg(feature = "tls")]
#[doc(hidden)]
impl QSslSocket
where
    for<'a> Self: WaitsByItself<'a>,
{
    names! {
        wait_for_connected wait_for_encrypted wait_for_ready_read wait_for_bytes_written
        wait_for_disconnected
    }
}

#[doc(hidden)]
impl QTcpServer
where
    for<'a> Self: WaitsByItself<'a>,
{
    names! { wait_for_new_connection wait_for_listening }
}

/// Writes the names of what a world does with an object into a class.
macro_rules! of_the_world {
    ($($class:ty)*) => { $(
        #[doc(hidden)]
        impl $class
        where
            for<'a> Self: IsTheWorld<'a>,
        {
            names! {
                destroy delete_later parent set_parent children find_child find_children object_name
                set_object_name block_signals property set_property connect connect_fn disconnect
            }
        }
    )* };
}

of_the_world! { QTcpSocket QUdpSocket QTcpServer QTimer }
#[cfg(feature = "tls")]
of_the_world! { QSslSocket }

#[doc(hidden)]
impl QTimer
where
    for<'a> Self: ShootsByItself<'a>,
{
    names! { single_shot }
}

/// What needs a feature that is off.
#[cfg(not(feature = "sim"))]
#[doc(hidden)]
impl Runtime
where
    for<'a> Self: FeatureSim<'a>,
{
    names! { simulated }
}

#[cfg(not(feature = "http-proxy"))]
#[doc(hidden)]
impl NetworkProxy
where
    for<'a> Self: FeatureHttpProxy<'a>,
{
    names! { http with_raw_header raw_header raw_headers }
}
