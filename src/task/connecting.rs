//! Connecting a socket, as a future.

use std::io;

use super::task_context::TaskContext;
use crate::net::{QAbstractSocket, SocketState, failure_of};
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
        let failure = |socket: &T, why: &str| {
            let failure = failure_of(socket, &format!("connect to {host}:{port}"));
            Some(Err(failure.unwrap_or_else(|| failed(why))))
        };
        let mut outcome = self.with(|world| {
            let socket = world.get_mut(socket)?;
            let is_free = matches!(socket.state(), SocketState::Unconnected | SocketState::Bound);
            socket.connect_to_host(host, port);
            if is_free { None } else { failure(socket, "the socket is in use") }
        });
        while outcome.is_none() {
            outcome = self.with(|world| {
                let Some(socket) = world.get(socket) else {
                    return Some(Err(failed("the socket is gone")));
                };
                let is_own = socket.peer_name() == host
                    && socket.peer_port().is_none_or(|its_port| its_port == port);
                match socket.state() {
                    _ if !is_own => {
                        Some(Err(failed("the socket was connected elsewhere meanwhile")))
                    }
                    SocketState::Connected => Some(Ok(())),
                    SocketState::Unconnected => failure(socket, "somebody has stopped it"),
                    _ => None,
                }
            });
            if outcome.is_none() && states.next().await.is_none() {
                return Err(failed("the socket is gone"));
            }
        }
        outcome.unwrap_or(Ok(()))
    }
}
