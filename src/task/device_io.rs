//! `DeviceIo`: a device or socket whose reads and writes are awaited.
//!
//! Keeps three promises. No wake-up is lost: a waker is set before the device is asked, and whatever
//! may change the answer wakes it. The memory is bounded, also on a device whose own buffer is not. And
//! the end of the device, in whatever way it comes, ends each wait.
//!
//! `futures_io.rs` and `tokio_io.rs` give this the traits of their crates.

use std::cell::Cell;
use std::fmt;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use super::device_kind::{DeviceKind, READING, SENDING, WRITING};
use super::listener::connect_if_there;
use super::task_context::TaskContext;
use crate::io::QIODevice;
use crate::net::QAbstractSocket;
use crate::object::{ConnectionType, Obj, ScopedConnection, ShortName, Signal, Target, World};

/// How many written bytes may wait in a device before a write waits, and how long a line may be.
pub(super) const BOUND: usize = 64 * 1024;

/// How many bytes are read ahead for `AsyncBufRead`.
const READ_AHEAD: usize = 8 * 1024;

/// A device or socket whose reads and writes are awaited. Created by
/// [`TaskContext::device`](crate::TaskContext::device) and
/// [`TaskContext::socket`](crate::TaskContext::socket).
///
/// With the feature `futures` it has `AsyncRead`, `AsyncBufRead` and `AsyncWrite` of `futures_io`, and
/// with the feature `tokio` those of tokio. Only a task of the device's runtime can await them:
/// elsewhere they fail with the [`WorldError`](super::WorldError) that says so.
///
/// - A read waits while there is nothing. The end is 0 bytes.
/// - A write waits while 64 KiB or more are not sent yet, or as long as the device has no room.
/// - `poll_flush` waits until the device has sent all bytes.
/// - `poll_close` and `poll_shutdown` do that too, and then end a connection in good order
///   ([`disconnect_from_host`](QAbstractSocket::disconnect_from_host)), or close another device.
/// - An error of a socket is an `io::Error` that has the [`NetError`](crate::NetError) inside.
///
/// A future of this that is dropped, as by a [`timeout`](crate::TaskContext::timeout), loses nothing
/// that was read. What was written of a [`write_all`](Self::write_all) stays written.
///
/// [`next_line`](Self::next_line) and `AsyncBufRead` read ahead: up to 8 KiB, and the line that has not
/// come whole. These bytes are lost for others if this is dropped, so keep one `DeviceIo` as the reader
/// of a connection. Another one may write at the same time.
///
/// ```
/// use slotwire::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
/// let server = rt.add(QTcpServer::new());
/// rt[server].listen(([127, 0, 0, 1], 0))?;
/// let port = rt[server].server_port().ok_or("it does not listen")?;
/// rt.connect_fn(server, QTcpServer::new_connection, move |world, ()| {
///     while let Some(peer) = world[server].next_pending_connection() {
///         world.spawn(async move |task| {
///             let mut peer = task.socket(peer);
///             while let Some(line) = peer.next_line().await? {
///                 peer.write_all(format!("{}!\n", line.to_uppercase()).as_bytes()).await?;
///             }
///             task.with(|world| world.delete_later(peer.handle()));
///             Ok::<_, std::io::Error>(())
///         });
///     }
/// });
///
/// let socket = rt.add(QTcpSocket::new());
/// rt.spawn(async move |task| {
///     task.connect_to_host(socket, "127.0.0.1", port).await?;
///     let mut socket = task.socket(socket);
///     socket.write_all(b"hello\n").await?;
///     assert_eq!(socket.next_line().await?.as_deref(), Some("HELLO!"));
///     socket.close().await?;
///     task.with(|world| world.quit());
///     Ok::<_, std::io::Error>(())
/// });
/// rt.exec()?;
/// # Ok(())
/// # }
/// ```
pub struct DeviceIo<T: ?Sized + Target> {
    task: TaskContext,
    device: Obj<T>,
    kind: &'static DeviceKind<T>,
    news: Rc<News>,
    /// End with the device's reads and writes.
    _connections: Vec<Option<ScopedConnection>>,
    ahead: Vec<u8>,
    /// How many bytes of those that were read ahead were taken.
    taken: usize,
}

/// Who waits for news of a device.
#[derive(Default)]
struct News {
    reader: Cell<Option<Waker>>,
    writer: Cell<Option<Waker>>,
}

impl News {
    fn wake_reader(&self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    fn wake_writer(&self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }
}

/// What a connection of a [`DeviceIo`] owns: wakes who waits when the signal is emitted, and when
/// the connection ends, as it does when the device is destroyed.
struct Herald(Rc<News>);

impl Drop for Herald {
    fn drop(&mut self) {
        self.0.wake_reader();
        self.0.wake_writer();
    }
}

impl TaskContext {
    /// Returns a device whose reads and writes are awaited. For a socket use
    /// [`socket`](Self::socket), which hears of failed connections too.
    ///
    /// # Panics
    ///
    /// Panics where [`try_with`](Self::try_with) returns an error, and if the handle is of another
    /// runtime.
    #[track_caller]
    pub fn device<T>(&self, device: Obj<T>) -> DeviceIo<T>
    where
        T: ?Sized + Target + QIODevice,
    {
        DeviceIo::new(self, device, const { &DeviceKind::ANY_DEVICE }, |_, _| Vec::new())
    }

    /// Returns a socket whose reads and writes are awaited.
    ///
    /// # Panics
    ///
    /// Panics as [`device`](Self::device) does.
    #[track_caller]
    pub fn socket<T>(&self, socket: Obj<T>) -> DeviceIo<T>
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        DeviceIo::new(self, socket, const { &DeviceKind::SOCKET }, |world, news| {
            let state = hear(world, socket, T::state_changed, news, Wakes::Both);
            let drained = hear(world, socket, T::write_buffer_drained, news, Wakes::Writer);
            vec![state, drained]
        })
    }
}

/// Whom a signal of a device wakes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wakes {
    Reader,
    Writer,
    Both,
}

/// Connects a signal of a device to who waits for the device.
#[track_caller]
fn hear<T: ?Sized + Target, A: Clone + 'static>(
    world: &mut World,
    device: Obj<T>,
    signal: fn(&T) -> &Signal<A>,
    news: &Rc<News>,
    wakes: Wakes,
) -> Option<ScopedConnection> {
    let herald = Herald(news.clone());
    connect_if_there(world, ConnectionType::DIRECT, device, signal, move |_, _: &A| {
        if wakes != Wakes::Writer {
            herald.0.wake_reader();
        }
        if wakes != Wakes::Reader {
            herald.0.wake_writer();
        }
    })
}

impl<T: ?Sized + Target + QIODevice> DeviceIo<T> {
    #[track_caller]
    fn new(
        task: &TaskContext,
        device: Obj<T>,
        kind: &'static DeviceKind<T>,
        connect: impl FnOnce(&mut World, &Rc<News>) -> Vec<Option<ScopedConnection>>,
    ) -> Self {
        let news = Rc::new(News::default());
        let connections = task.with(|world| {
            let mut connections = connect(world, &news);
            connections.extend([
                hear(world, device, T::ready_read, &news, Wakes::Reader),
                hear(world, device, T::read_channel_finished, &news, Wakes::Reader),
                hear(world, device, T::bytes_written, &news, Wakes::Writer),
                hear(world, device, T::about_to_close, &news, Wakes::Both),
            ]);
            connections
        });
        let (task, ahead) = (task.clone(), Vec::new());
        Self { task, device, kind, news, _connections: connections, ahead, taken: 0 }
    }

    /// Returns the handle of the device.
    pub fn handle(&self) -> Obj<T> {
        self.device
    }

    /// Calls `f` with the device, if both can be reached.
    fn reach<O>(&self, f: impl FnOnce(&mut T) -> io::Result<O>) -> io::Result<O> {
        let device = self.device;
        let reached = self.task.try_with(|world| world.get_mut(device).map(f));
        reached.map_err(io::Error::other)?.unwrap_or_else(|| {
            let (class, number) = (ShortName::of::<T>(), device.number());
            let text = format!("Obj<{class}> {number} is gone");
            Err(io::Error::new(ErrorKind::NotConnected, text))
        })
    }

    /// Asks the device, until it has an answer other than `WouldBlock`.
    fn poll<O>(
        &self,
        waits: &Cell<Option<Waker>>,
        cx: &Context<'_>,
        ask: impl FnOnce(&mut T) -> io::Result<O>,
    ) -> Poll<io::Result<O>> {
        // Before the device is asked: what follows from that may be news already.
        waits.set(Some(cx.waker().clone()));
        match self.reach(ask) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            answer => {
                waits.set(None);
                Poll::Ready(answer)
            }
        }
    }

    /// Reads into `buffer`: what was read ahead, or else what the device has.
    pub(super) fn poll_read_into(
        &mut self,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let ahead = self.read_ahead();
        if !ahead.is_empty() {
            let count = ahead.len().min(buffer.len());
            buffer[..count].copy_from_slice(&ahead[..count]);
            self.take_ahead(count);
            return Poll::Ready(Ok(count));
        }
        self.poll_device(cx, buffer)
    }

    /// Reads what the device has.
    fn poll_device(&self, cx: &Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let kind = self.kind;
        self.poll(&self.news.reader, cx, |device| match device.read(buffer) {
            Ok(0) => (kind.check_end)(device).map(|()| 0),
            Ok(count) => Ok(count),
            Err(error) => Err((kind.explain)(device, error, READING)),
        })
    }

    /// Returns what was read ahead. Reads ahead if nothing is left of that.
    #[cfg(any(feature = "futures", feature = "tokio"))]
    pub(super) fn poll_ahead(&mut self, cx: &Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.read_ahead().is_empty() {
            ready!(self.poll_further_ahead(cx))?;
        }
        Poll::Ready(Ok(self.read_ahead()))
    }

    /// Reads ahead, behind what was read ahead already. Returns the number of bytes, or 0 at the end.
    pub(super) fn poll_further_ahead(&mut self, cx: &Context<'_>) -> Poll<io::Result<usize>> {
        // A device that waits holds no buffer.
        let mut bytes = [0; READ_AHEAD];
        let count = ready!(self.poll_device(cx, &mut bytes))?;
        self.ahead.drain(..self.taken);
        self.taken = 0;
        self.ahead.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    /// Returns what was read ahead.
    pub(super) fn read_ahead(&self) -> &[u8] {
        &self.ahead[self.taken..]
    }

    /// Takes bytes of what was read ahead.
    pub(super) fn take_ahead(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.ahead.len());
        if self.taken == self.ahead.len() {
            // An idle connection holds no buffer.
            (self.ahead, self.taken) = (Vec::new(), 0);
        }
    }

    /// Writes what there is room for.
    pub(super) fn poll_write_from(
        &self,
        cx: &Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let explain = self.kind.explain;
        self.poll(&self.news.writer, cx, |device| {
            let room = BOUND.saturating_sub(device.bytes_to_write());
            // A message is sent whole.
            let count = if device.is_message_based() { bytes.len() } else { bytes.len().min(room) };
            let written = match room {
                0 => Err(ErrorKind::WouldBlock.into()),
                _ => device.write(&bytes[..count]),
            };
            written.map_err(|error| explain(device, error, WRITING))
        })
    }

    /// Waits until all written bytes are sent.
    pub(super) fn poll_send_all(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let kind = self.kind;
        self.poll(&self.news.writer, cx, |device| flush(device, kind))
    }

    /// Waits until all written bytes are sent, and ends the connection or closes the device.
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let kind = self.kind;
        self.poll(&self.news.writer, cx, |device| {
            flush(device, kind)?;
            (kind.end)(device)
        })
    }
}

/// Sends what can be sent. Fails with `WouldBlock` if something is left.
fn flush<T: ?Sized + QIODevice>(device: &mut T, kind: &DeviceKind<T>) -> io::Result<()> {
    (kind.check_sent)(device)?;
    if device.bytes_to_write() == 0 {
        return Ok(());
    }
    match device.flush() {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ if device.bytes_to_write() == 0 => Ok(()),
        _ => Err((kind.explain)(device, ErrorKind::WouldBlock.into(), SENDING)),
    }
}

/// Nothing in it is pinned.
impl<T: ?Sized + Target> Unpin for DeviceIo<T> {}

impl<T: ?Sized + Target> fmt::Debug for DeviceIo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceIo").field("device", &self.device).finish_non_exhaustive()
    }
}
