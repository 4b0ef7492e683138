//! The blocking view of a socket, for code without a loop.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::time::Duration;

use super::failure::{failure_of, has_ended_in_order, not_all_sent};
use super::socket_wait::wait_for_sending;
use crate::event_loop::Runtime;
use crate::net::socket::QAbstractSocket;
use crate::object::{Obj, Target};

/// The operation that fails if no bytes come.
const READING: &str = "read from the socket";

impl Runtime {
    /// Lends a view of the socket with blocking reads and writes, for code without a loop in its
    /// own thread.
    ///
    /// The view implements [`Read`], [`Write`] and [`BufRead`]. While a call blocks, the socket
    /// emits its signals and their slots are called; nothing else in the runtime runs. So the peer
    /// must be in another thread or process: a server in the same runtime does not answer.
    ///
    /// ```
    /// use std::io::{BufRead, Write};
    /// use slotwire::prelude::*;
    /// use slotwire::QTcpSocket;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// # let server = std::thread::spawn(move || -> std::io::Result<()> {
    /// #     let (mut peer, _) = listener.accept()?;
    /// #     let mut line = String::new();
    /// #     std::io::BufReader::new(peer.try_clone()?).read_line(&mut line)?;
    /// #     peer.write_all(line.to_uppercase().as_bytes())
    /// # });
    /// let mut rt = Runtime::new()?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].connect_to_host("127.0.0.1", port);
    ///
    /// let mut view = rt.blocking(socket);
    /// view.write_all(b"hello\n")?;
    /// view.flush()?;
    /// let mut answer = String::new();
    /// view.read_line(&mut answer)?;
    /// assert_eq!(answer, "HELLO\n");
    /// # server.join().unwrap()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking<T>(&mut self, socket: Obj<T>) -> Blocking<'_, T>
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Blocking { runtime: self, socket, timeout: None }
    }
}

/// A view of a socket with blocking reads and writes. Created by [`Runtime::blocking`].
pub struct Blocking<'a, T: ?Sized + Target> {
    runtime: &'a mut Runtime,
    socket: Obj<T>,
    timeout: Option<Duration>,
}

impl<T: ?Sized + Target + QAbstractSocket> Blocking<'_, T> {
    /// Limits how long one call may block. A call that takes longer fails with `TimedOut`. The
    /// default is `None`: no limit.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    fn socket(&mut self) -> io::Result<&mut T> {
        let gone = || io::Error::new(ErrorKind::NotConnected, "the socket was destroyed");
        self.runtime.get_mut(self.socket).ok_or_else(gone)
    }

    /// Waits by `for_it` until the operation can go on. Fails if it cannot, or not in time; the
    /// text of the error names the operation.
    fn wait(
        &mut self,
        for_it: fn(&mut Runtime, Obj<T>, Option<Duration>) -> bool,
        operation: &str,
    ) -> io::Result<()> {
        // An earlier error is not an error of this wait.
        let earlier = self.socket()?.machine().core().take_fault();
        let has_come = for_it(self.runtime, self.socket, self.timeout);
        let socket = self.socket()?;
        let failure = failure_of(socket, operation);
        if failure.is_none() {
            socket.machine().core().put_fault(earlier);
        }
        match failure {
            _ if has_come => Ok(()),
            // The next try of the operation returns the end.
            Some(_) if has_ended_in_order(socket) => Ok(()),
            Some(failure) => Err(failure),
            None if socket.machine().get().has_ended() => Ok(()),
            None => Err(io::Error::new(ErrorKind::WouldBlock, "there is nothing to wait for")),
        }
    }
}

impl<T: ?Sized + Target + QAbstractSocket> Read for Blocking<'_, T> {
    /// Reads the bytes that have come, and waits if there are none. `Ok(0)` is the end, or an empty
    /// datagram.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.socket()?.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(Runtime::wait_for_ready_read, READING)?;
                }
                done => return done,
            }
        }
    }
}

impl<T: ?Sized + Target + QAbstractSocket> BufRead for Blocking<'_, T> {
    /// Returns the bytes that have come, and waits if there are none. An empty slice is the end, or
    /// an empty datagram, which is returned once.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.socket()?.fill_buf() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
                // The end, or an empty datagram, which a second call would not return.
                Ok([]) => return Ok(&[]),
                Ok(_) => break,
            }
            self.wait(Runtime::wait_for_ready_read, READING)?;
        }
        self.socket()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(socket) = self.runtime.get_mut(self.socket) {
            socket.consume(amount);
        }
    }
}

impl<T: ?Sized + Target + QAbstractSocket> Write for Blocking<'_, T> {
    /// Writes bytes, and waits if the write buffer has no room within the
    /// [limit](QAbstractSocket::set_write_buffer_limit).
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.socket()?.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(Runtime::wait_for_bytes_written, "write to the socket")?;
                }
                done => return done,
            }
        }
    }

    /// Waits until all written bytes are sent. Fails if the connection ends before.
    fn flush(&mut self) -> io::Result<()> {
        loop {
            let socket = self.socket()?;
            if socket.machine().get().was_cut_off() {
                return Err(not_all_sent());
            }
            if socket.bytes_to_write() == 0 && !socket.machine().get().has_to_send() {
                return Ok(());
            }
            self.wait(wait_for_sending, "send the written bytes")?;
        }
    }
}

impl<T: ?Sized + Target> fmt::Debug for Blocking<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
