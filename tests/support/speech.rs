//! What the other end of a connection with a layer says for it, whatever the layer is: `secret.rs` and
//! `tls.rs` have one each.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};

/// What goes below a layer.
pub(super) trait Below {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Ends the direction to the peer.
    fn finish(&mut self) -> io::Result<()>;
}

/// The other end of a layer. Nothing here blocks.
pub(super) trait Speech: Send {
    /// Goes on with the greeting. Returns true if both ends have greeted.
    fn greet(&mut self, below: &mut dyn Below) -> io::Result<bool>;

    fn read(&mut self, below: &mut dyn Below, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes, if nothing is held back.
    fn write(&mut self, below: &mut dyn Below, bytes: &[u8]) -> io::Result<usize>;

    /// Ends the direction to the other end, when all is said.
    fn finish(&mut self, below: &mut dyn Below) -> io::Result<()>;

    /// Sends what is held back, as far as there is room.
    fn send(&mut self, below: &mut dyn Below) -> io::Result<()>;

    fn holds_back(&self) -> bool;

    /// Says nothing any more: the connection is gone.
    fn forget(&mut self);
}

/// What an end has said and what has found no room below.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) bytes: VecDeque<u8>,
    /// Nothing is to be said any more.
    pub(super) is_finished: bool,
}

impl Outbox {
    /// Returns what an end says first.
    pub(super) fn beginning_with(bytes: impl IntoIterator<Item = u8>) -> Self {
        Self { bytes: bytes.into_iter().collect(), is_finished: false }
    }

    /// Sends what is held back, as far as there is room. Then ends the direction, if nothing is to be
    /// said any more.
    pub(super) fn send(&mut self, below: &mut dyn Below) -> io::Result<()> {
        while !self.bytes.is_empty() {
            match below.write(self.bytes.as_slices().0) {
                Ok(count) => drop(self.bytes.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    self.bytes.clear();
                    return Err(error);
                }
            }
            if self.bytes.is_empty() && self.is_finished {
                below.finish()?;
            }
        }
        Ok(())
    }

    /// Notes that nothing is to be said any more. Returns true the first time.
    pub(super) fn finish(&mut self) -> bool {
        !std::mem::replace(&mut self.is_finished, true)
    }

    pub(super) fn holds_back(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// Says nothing any more: the connection is gone.
    pub(super) fn forget(&mut self) {
        self.is_finished = true;
        self.bytes.clear();
    }
}
