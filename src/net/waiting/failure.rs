//! Why a socket has no connection, as an error of `std::io` with the socket's own error in it.

use std::io::{self, ErrorKind};

use crate::net::socket::QAbstractSocket;
use crate::net::values::{NetError, SocketError};

/// Returns the error with which the connection has ended, or has not come about; `None` if there was
/// no error. The text of the error names the operation.
pub(crate) fn failure_of<T>(socket: &T, operation: &str) -> Option<io::Error>
where
    T: ?Sized + QAbstractSocket,
{
    let error = socket.error()?;
    let system = socket.os_error().map(copy_of);
    let kind = kind_of(error, system.as_ref().map(io::Error::kind));
    Some(io::Error::new(kind, NetError::new(error, operation, system)))
}

/// Returns the error for which there is no connection; `None` if the last one has ended in order. The
/// text of the error names the operation.
pub(crate) fn loss_of<T>(socket: &mut T, operation: &str) -> Option<io::Error>
where
    T: ?Sized + QAbstractSocket,
{
    let lost_by = socket.machine().core().lost_by()?;
    match failure_of(socket, operation) {
        failure if socket.error() == Some(lost_by) => failure,
        // The socket has failed with something else since.
        _ => Some(io::Error::new(kind_of(lost_by, None), NetError::new(lost_by, operation, None))),
    }
}

/// Returns true if the last error is that the peer has closed the connection in good order. A reset is
/// an error, and no end.
pub(super) fn has_ended_in_order<T: ?Sized + QAbstractSocket>(socket: &T) -> bool {
    socket.error() == Some(SocketError::RemoteHostClosed) && socket.os_error().is_none()
}

/// Returns a number that changes when the socket begins to connect.
pub(crate) fn attempt_of<T: ?Sized + QAbstractSocket>(socket: &mut T) -> u32 {
    socket.machine().core().begun()
}

/// Returns true if the connection was lost before all written bytes were sent.
pub(crate) fn was_cut_off<T: ?Sized + QAbstractSocket>(socket: &mut T) -> bool {
    socket.machine().get().was_cut_off()
}

/// Returns the error of a connection that [was cut off](was_cut_off), if it has no other.
pub(crate) fn not_all_sent() -> io::Error {
    io::Error::new(ErrorKind::BrokenPipe, "the connection ended before all bytes were sent")
}

/// Returns a copy of an error: the call returns one, and the socket keeps the other.
fn copy_of(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Returns the `std::io` kind of an error; `system` is the kind of the system's error, if there is
/// one.
fn kind_of(error: SocketError, system: Option<ErrorKind>) -> ErrorKind {
    match error {
        SocketError::SocketTimeout => ErrorKind::TimedOut,
        SocketError::ConnectionRefused => ErrorKind::ConnectionRefused,
        SocketError::HostNotFound => ErrorKind::NotFound,
        SocketError::SocketAccess => ErrorKind::PermissionDenied,
        _ => system.unwrap_or(ErrorKind::NotConnected),
    }
}
