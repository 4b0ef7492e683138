//! What every buffered, sequential device has: its open mode, two queues of bytes and the signals.

use std::io::{self, ErrorKind};

use super::byte_queue::ByteQueue;
use super::open_mode::OpenMode;
use crate::object::Signal;

/// The state that all devices share.
///
/// Public only because the methods that [`QIODevice`](super::QIODevice) provides go through it.
#[derive(Debug, Default)]
pub struct Device {
    mode: OpenMode,
    incoming: ByteQueue,
    outgoing: ByteQueue,
    pub(super) ready_read: Signal<()>,
    pub(super) bytes_written: Signal<usize>,
    pub(super) about_to_close: Signal<()>,
    pub(super) read_channel_finished: Signal<()>,
}

impl Device {
    pub(crate) fn mode(&self) -> OpenMode {
        self.mode
    }

    /// Opens the device with empty queues.
    pub(crate) fn open(&mut self, mode: OpenMode) {
        self.mode = mode;
        self.incoming.clear();
        self.outgoing.clear();
    }

    /// Closes the device for its user, who is told before. What was written stays to go out.
    pub(crate) fn close(&mut self) {
        if self.mode != OpenMode::NOT_OPEN {
            self.about_to_close.emit(());
            self.mode = OpenMode::NOT_OPEN;
        }
        self.incoming.clear();
    }

    /// Takes over what came in and tells the user.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if self.mode.contains(OpenMode::READ_ONLY) && !bytes.is_empty() {
            self.incoming.push(bytes);
            self.announce_arrival();
        }
    }

    /// Tells the user that there is something to read.
    pub(crate) fn announce_arrival(&self) {
        self.ready_read.emit(());
    }

    /// How many bytes are held that came in, those of a transaction included.
    pub(crate) fn buffered_len(&self) -> usize {
        self.incoming.len()
    }

    /// How many bytes can be read.
    pub(crate) fn unread_len(&self) -> usize {
        self.unread().len()
    }

    /// What is to go out.
    pub(crate) fn outgoing(&self) -> &[u8] {
        self.outgoing.as_slice()
    }

    /// Takes off what went out. The user is told by [`announce_written`](Self::announce_written).
    pub(crate) fn sent(&mut self, count: usize) {
        self.outgoing.consume(count);
    }

    pub(crate) fn announce_written(&self, count: usize) {
        if count > 0 {
            self.bytes_written.emit(count);
        }
    }

    /// Forgets what is to go out.
    pub(crate) fn drop_outgoing(&mut self) {
        self.outgoing.clear();
    }

    pub(crate) fn finish_read_channel(&self) {
        self.read_channel_finished.emit(());
    }

    /// Queues bytes to go out.
    pub(crate) fn queue(&mut self, bytes: &[u8]) {
        self.outgoing.push(bytes);
    }

    /// Queues bytes to go out.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.mode.contains(OpenMode::WRITE_ONLY) {
            return Err(io::Error::new(
                ErrorKind::NotConnected,
                "the device is not open for writing",
            ));
        }
        self.outgoing.push(bytes);
        Ok(bytes.len())
    }

    /// Reads what has come in. `ended` says that nothing more will.
    pub(crate) fn read(&mut self, buffer: &mut [u8], ended: bool) -> io::Result<usize> {
        self.check_readable()?;
        if self.incoming.is_empty() && !buffer.is_empty() {
            return if ended { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        let count = buffer.len().min(self.incoming.len());
        buffer[..count].copy_from_slice(&self.incoming.as_slice()[..count]);
        self.incoming.consume(count);
        Ok(count)
    }

    pub(super) fn check_readable(&self) -> io::Result<()> {
        if self.mode.contains(OpenMode::READ_ONLY) {
            Ok(())
        } else {
            Err(io::Error::new(ErrorKind::NotConnected, "the device is not open for reading"))
        }
    }

    pub(super) fn unread(&self) -> &[u8] {
        if self.mode.contains(OpenMode::READ_ONLY) { self.incoming.as_slice() } else { &[] }
    }

    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        if self.mode.contains(OpenMode::READ_ONLY) { self.incoming.take() } else { Vec::new() }
    }

    pub(super) fn skip(&mut self, count: usize) -> usize {
        let count = count.min(self.unread().len());
        self.incoming.consume(count);
        count
    }

    /// Takes the next line: a whole one, or the rest if `ended` says that no more will come.
    pub(super) fn take_line(&mut self, ended: bool) -> Option<Vec<u8>> {
        let unread = self.unread().len();
        let len = self.incoming.line_len().or((ended && unread > 0).then_some(unread))?;
        let line = self.unread().get(..len)?.to_vec();
        self.incoming.consume(len);
        Some(line)
    }

    pub(super) fn has_line(&self) -> bool {
        !self.unread().is_empty() && self.incoming.line_len().is_some()
    }
}
