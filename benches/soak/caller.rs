//! A caller: one connection of the crowd.

use std::io;
use std::time::{Duration, Instant};

use slotwire::prelude::*;

use crate::stream::Stream;

/// How much of a message is made at a time.
const PIECE: usize = 4096;

/// Says something when it is told to, and waits until all of it has come back.
#[derive(QObject)]
pub(crate) struct Caller {
    socket: Obj<QTcpSocket>,
    said: Stream,
    heard: Stream,
    wrong: u64,
    spoke_at: Instant,
    /// Emitted when the connection is there.
    #[signal]
    pub(crate) connected: Signal<()>,
    /// Emitted when all of a message has come back, with the time that it took.
    #[signal]
    pub(crate) answered: Signal<Duration>,
    /// Emitted when the connection is lost or does not come about.
    #[signal]
    pub(crate) failed: Signal<SocketError>,
}

#[slots]
impl Caller {
    pub(crate) fn new(stream: Stream, port: u16, cx: &mut Context<Self>) -> Self {
        let socket = cx.add_child(QTcpSocket::new());
        cx.forward(socket, QTcpSocket::connected, Self::connected);
        cx.forward(socket, QTcpSocket::error_occurred, Self::failed);
        cx[socket].connect_to_host("127.0.0.1", port);
        Self {
            socket,
            said: stream.clone(),
            heard: stream,
            wrong: 0,
            spoke_at: Instant::now(),
            connected: Signal::new(),
            answered: Signal::new(),
            failed: Signal::new(),
        }
    }

    /// Says the next message.
    #[slot]
    pub(crate) fn speak(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let mut left = self.said.message_length();
        let mut piece = [0; PIECE];
        self.spoke_at = Instant::now();
        while left > 0 {
            let piece = &mut piece[..left.min(PIECE)];
            self.said.fill(piece);
            cx[self.socket].write_all(piece)?;
            left -= piece.len();
        }
        Ok(())
    }

    #[slot(socket.ready_read)]
    fn hear(&mut self, cx: &mut Context<Self>) {
        // Looks at the bytes in their place.
        let socket = &mut cx[self.socket];
        let came = socket.peek(usize::MAX);
        let count = came.len();
        self.wrong += self.heard.count_wrong(came);
        socket.skip(count);
        if self.lost() == 0 {
            self.answered.emit(self.spoke_at.elapsed());
        }
    }

    /// Bytes that came back.
    pub(crate) fn bytes(&self) -> u64 {
        self.heard.position()
    }

    /// Bytes that did not come back, or that nobody had sent.
    pub(crate) fn lost(&self) -> u64 {
        self.said.position().abs_diff(self.heard.position())
    }

    /// Bytes that came back and are not those that were sent.
    pub(crate) fn wrong(&self) -> u64 {
        self.wrong
    }
}
