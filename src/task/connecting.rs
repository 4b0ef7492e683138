//! Connecting a socket, as a future.

use std::io;

use super::task_context::TaskContext;
use crate::net::{QAbstractSocket, SocketState, attempt_of, failure_of};
use crate::object::{Obj, Target};

/// How many changes of the state are kept: fewer than there are in one attempt.
const STATES: usize = 8;

impl TaskContext {
    /// Connects a socket to a host, and waits until the connection is established.
    ///
    /// Dropping the future does not stop the socket: call
    /// [`abort`](QAbstractSocket::abort) for that.
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let server = rt.add(QTcpServer::new());
    /// rt[server].listen(([127, 0, 0, 1], 0))?;
    /// let port = rt[server].server_port().ok_or("it does not listen")?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt.spawn(async move |task| {
    ///     task.connect_to_host(socket, "127.0.0.1", port).await?;
    ///     task.with(|world| {
    ///         assert_eq!(world[socket].state(), SocketState::Connected);
    ///         world.quit();
    ///     });
    ///     Ok::<_, std::io::Error>(())
    /// });
    /// rt.exec()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the connection is not established, with the [`NetError`](crate::NetError) inside,
    /// and if the socket is gone, or is destroyed meanwhile.
    ///
    /// # Panics
    ///
    /// Panics where [`with`](Self::with) does, and if the handle is of another runtime.
    #[doc(alias = "connectToHost")]
    pub async fn connect_to_host<T>(&self, socket: Obj<T>, host: &str, port: u16) -> io::Result<()>
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        let mut states = self.stream(socket, T::state_changed, STATES);
        let failed = |why: &str| {
            let text = format!("cannot connect to {host}:{port}: {why}");
            io::Error::new(io::ErrorKind::NotConnected, text)
        };
        let gone = || failed("the socket is gone");
        let failure = |socket: &T, why: &str| {
            let failure = failure_of(socket, &format!("connect to {host}:{port}"));
            failure.unwrap_or_else(|| failed(why))
        };
        let own = self.with(|world| {
            let socket = world.get_mut(socket).ok_or_else(gone)?;
            let earlier = attempt_of(socket);
            socket.connect_to_host(host, port);
            let own = attempt_of(socket);
            // A call that has begun nothing was refused.
            if own == earlier { Err(failure(socket, "the socket is in use")) } else { Ok(own) }
        })?;
        loop {
            let is_connected = self.with(|world| {
                let socket = world.get_mut(socket).ok_or_else(gone)?;
                match socket.state() {
                    _ if attempt_of(socket) != own => {
                        Err(failed("the socket has begun anew meanwhile"))
                    }
                    SocketState::Connected => Ok(true),
                    SocketState::Unconnected => Err(failure(socket, "somebody has stopped it")),
                    _ => Ok(false),
                }
            })?;
            if is_connected {
                return Ok(());
            }
            if states.next().await.is_none() {
                return Err(gone());
            }
        }
    }
}
