//! What a [`DeviceIo`](super::DeviceIo) does differently for a socket and for another device.

use std::io::{self, ErrorKind};

use crate::io::QIODevice;
use crate::net::{QAbstractSocket, SocketState, failure_of, loss_of, not_all_sent, was_cut_off};

/// The operation that fails if no bytes come.
pub(super) const READING: &str = "read from the socket";

/// The operation that fails if no bytes are taken.
pub(super) const WRITING: &str = "write to the socket";

/// The operation that fails if bytes are taken and not sent.
pub(super) const SENDING: &str = "send the written bytes";

/// What differs between sockets and other devices.
pub(super) struct DeviceKind<T: ?Sized> {
    /// Returns the error that the caller gets for the error of an operation: another than
    /// `WouldBlock` if nothing is to be waited for.
    pub(super) explain: fn(&mut T, io::Error, &'static str) -> io::Error,
    /// Fails if the end, which a read has found, is no end in good order.
    pub(super) check_end: fn(&mut T) -> io::Result<()>,
    /// Fails if bytes were lost that were to be sent.
    pub(super) check_sent: fn(&mut T) -> io::Result<()>,
    /// Ends the connection or closes the device. Fails with `WouldBlock` until that is done.
    pub(super) end: fn(&mut T) -> io::Result<()>,
}

impl<T: ?Sized + QIODevice> DeviceKind<T> {
    pub(super) const ANY_DEVICE: Self = Self {
        explain: |device, error, _| match error.kind() {
            ErrorKind::WouldBlock if !device.is_open() => {
                io::Error::new(ErrorKind::NotConnected, "the device is closed")
            }
            _ => error,
        },
        check_end: |_| Ok(()),
        check_sent: |_| Ok(()),
        end: |device| {
            device.close();
            Ok(())
        },
    };
}

impl<T: ?Sized + QAbstractSocket> DeviceKind<T> {
    pub(super) const SOCKET: Self = Self {
        explain: explain_of_socket,
        check_end: |socket| check(socket, READING),
        check_sent: |socket| match check(socket, SENDING) {
            Ok(()) if was_cut_off(socket) => {
                Err(loss_of(socket, SENDING).unwrap_or_else(not_all_sent))
            }
            checked => checked,
        },
        end: |socket| match socket.state() {
            SocketState::Unconnected => Ok(()),
            SocketState::Closing => Err(ErrorKind::WouldBlock.into()),
            _ => {
                socket.disconnect_from_host();
                Err(ErrorKind::WouldBlock.into())
            }
        },
    };
}

/// A socket without a connection has nothing to wait for: the error says why.
fn explain_of_socket<T>(socket: &mut T, error: io::Error, operation: &'static str) -> io::Error
where
    T: ?Sized + QAbstractSocket,
{
    if let Err(loss) = check(socket, operation) {
        return loss;
    }
    let may_go_on = socket.state() != SocketState::Unconnected;
    if may_go_on || error.kind() != ErrorKind::WouldBlock {
        return error;
    }
    failure_of(socket, operation).unwrap_or_else(|| {
        io::Error::new(ErrorKind::NotConnected, format!("cannot {operation}: not connected"))
    })
}

/// Fails if there is no connection, unless the last one has ended in order.
fn check<T: ?Sized + QAbstractSocket>(socket: &mut T, operation: &str) -> io::Result<()> {
    match socket.state() {
        SocketState::Unconnected => loss_of(socket, operation).map_or(Ok(()), Err),
        _ => Ok(()),
    }
}
