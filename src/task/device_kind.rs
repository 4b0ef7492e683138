//! What a [`DeviceIo`](super::DeviceIo) does differently for a socket and for another device.

use std::io::{self, ErrorKind};

use crate::io::QIODevice;
use crate::net::{QAbstractSocket, SocketState, failure_of, has_ended, was_cut_off};

/// What differs between sockets and other devices.
pub(super) struct DeviceKind<T: ?Sized> {
    /// Returns the error that the caller gets for the error of an operation: another than
    /// `WouldBlock` if nothing is to be waited for.
    pub(super) explain: fn(&mut T, io::Error, &'static str) -> io::Error,
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
        check_sent: |socket| match was_cut_off(socket) {
            true => Err(cut_off(socket)),
            false => Ok(()),
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
    if socket.state() != SocketState::Unconnected || has_ended(socket) {
        return error;
    }
    match failure_of(socket, operation) {
        Some(failure) => failure,
        None if error.kind() != ErrorKind::WouldBlock => error,
        None => io::Error::new(
            ErrorKind::NotConnected,
            format!("cannot {operation}: it is not connected"),
        ),
    }
}

/// Returns the error for bytes that were not sent.
fn cut_off<T: ?Sized + QAbstractSocket>(socket: &T) -> io::Error {
    failure_of(socket, "send the written bytes").unwrap_or_else(|| {
        let text = "the connection ended before all bytes were sent";
        io::Error::new(ErrorKind::BrokenPipe, text)
    })
}
