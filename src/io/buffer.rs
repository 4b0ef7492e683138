//! `QBuffer`: a device over bytes in memory.

use std::io::{self, ErrorKind, Seek, SeekFrom};

use slotwire_macros::QObject;

use super::device::Device;
use super::io_device::QIODevice;
use super::open_mode::OpenMode;
use super::raw_device::RawDevice;
use super::searched::Searched;
use crate::event_loop::Home;
use crate::object::{Anchor, Occasion, Response};

/// A random-access device over bytes in memory.
///
/// Use it where a device is needed and bytes are at hand, and for tests. Bytes that are written can
/// be read at once. The event loop emits [`bytes_written`](QIODevice::bytes_written) and then
/// [`ready_read`](QIODevice::ready_read), once for all that was written since the last time.
///
/// Opening with [`TRUNCATE`](OpenMode::TRUNCATE) drops the bytes; opening with
/// [`APPEND`](OpenMode::APPEND) begins after them. The open mode always has
/// [`UNBUFFERED`](OpenMode::UNBUFFERED), since the bytes are in memory already.
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::QBuffer;
///
/// # fn main() -> std::io::Result<()> {
/// let mut buffer = QBuffer::new();
/// buffer.open(OpenMode::READ_WRITE)?;
/// write!(buffer, "one\ntwo\n")?;
///
/// buffer.seek_to(4)?;
/// assert_eq!(buffer.read_line_string().as_deref(), Some("two"));
/// assert_eq!(buffer.data(), b"one\ntwo\n");
/// # Ok(())
/// # }
/// ```
///
/// A `QBuffer` implements [`Seek`] too, for crates that need it.
#[derive(QObject, Debug, Default)]
#[qobject(enter = Self::entered, wake = Self::woken)]
pub struct QBuffer {
    #[qobject(device)]
    device: Device,
    data: Vec<u8>,
    /// Never after the end of `data`.
    cursor: usize,
    /// Where `data` has no line feed.
    line_feeds: Searched,
    /// How much was written that no signal has told of.
    untold: usize,
    home: Option<Home>,
}

impl QBuffer {
    /// Creates an empty buffer that is closed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns all bytes, whatever the position is.
    #[doc(alias = "buffer")]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Sets the bytes of a closed buffer. Returns true if the buffer was closed; an open one keeps
    /// its bytes.
    #[doc(alias = "setData")]
    #[doc(alias = "setBuffer")]
    pub fn set_data(&mut self, data: impl Into<Vec<u8>>) -> bool {
        let is_closed = !self.is_open();
        if is_closed {
            self.data = data.into();
            self.cursor = 0;
            self.line_feeds = Searched::default();
        }
        is_closed
    }

    /// Takes all bytes. The buffer is empty then, and its position is 0.
    pub fn take_data(&mut self) -> Vec<u8> {
        self.cursor = 0;
        if self.is_open() {
            self.device.drop_buffer();
            self.device.set_cursor(0);
        }
        std::mem::take(&mut self.data)
    }

    /// Puts bytes over those at the cursor, and after the end.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let over = bytes.len().min(self.data.len() - self.cursor);
        self.data.try_reserve(bytes.len() - over)?;
        self.data[self.cursor..self.cursor + over].copy_from_slice(&bytes[..over]);
        self.data.extend_from_slice(&bytes[over..]);
        self.line_feeds.truncated(self.cursor);
        self.cursor += bytes.len();
        self.tell_written(bytes.len());
        Ok(())
    }

    /// Puts zeros after the end, up to a position.
    fn pad(&mut self, position: usize) -> io::Result<()> {
        let gap = position - self.data.len();
        self.data.try_reserve(gap)?;
        self.data.resize(position, 0);
        self.tell_written(gap);
        Ok(())
    }

    /// Lets the loop tell that `count` bytes were written.
    fn tell_written(&mut self, count: usize) {
        let is_first = self.untold == 0;
        self.untold += count;
        if is_first && count > 0 {
            self.postpone();
        }
    }

    fn postpone(&self) {
        if let Some(home) = &self.home {
            home.postpone();
        }
    }

    fn entered(&mut self, anchor: &Anchor<'_>) {
        self.home = Some(Home::of(anchor));
        if self.untold > 0 {
            self.postpone();
        }
    }

    fn woken(&mut self, occasion: Occasion) -> Response {
        match occasion {
            Occasion::Step(_) => self.close_now(),
            Occasion::Postponed => self.tell(),
            Occasion::Ready(..) | Occasion::Due | Occasion::FollowUp | Occasion::Answered => {}
        }
        Response::DONE
    }

    /// Closes the buffer, unless it was opened again since that was asked for.
    fn close_now(&mut self) {
        if self.device.is_closing() {
            self.device.shut();
        }
    }

    /// Tells what was written since the last time.
    fn tell(&mut self) {
        self.device.announce_written(std::mem::take(&mut self.untold));
        self.device.announce_received();
    }
}

/// Creates a closed buffer with these bytes.
impl From<Vec<u8>> for QBuffer {
    fn from(data: Vec<u8>) -> Self {
        Self { data, ..Self::default() }
    }
}

impl RawDevice for QBuffer {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.data[self.cursor..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.cursor += count;
        Ok(count)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)?;
        Ok(bytes.len())
    }

    fn is_random_access(&self) -> bool {
        true
    }

    fn line_available(&self) -> bool {
        self.line_feeds.find(b'\n', &self.data, self.cursor, usize::MAX).is_some()
    }

    fn data_size(&self) -> u64 {
        self.data.len() as u64
    }

    /// Moves to the position. If that is after the end, puts zeros between if the buffer is open
    /// for writing.
    fn seek_data(&mut self, position: u64) -> io::Result<()> {
        let is_after_end = position > self.data_size();
        if is_after_end && !self.is_writable() {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!("position {position} is after the end of the buffer"),
            ));
        }
        // No memory reaches to a position that a pointer cannot have.
        let target = usize::try_from(position).map_err(|_| ErrorKind::OutOfMemory)?;
        if is_after_end {
            self.pad(target)?;
        }
        self.cursor = target;
        Ok(())
    }

    fn open_data(&mut self, mode: OpenMode) -> io::Result<()> {
        if mode.contains(OpenMode::TRUNCATE) {
            self.data.clear();
        }
        self.cursor = 0;
        self.set_open_mode(mode | OpenMode::UNBUFFERED);
        Ok(())
    }

    fn close_later(&mut self) -> bool {
        if let Some(home) = &self.home {
            home.step(0);
        }
        self.home.is_some()
    }
}

/// Moves as [`seek_to`](QIODevice::seek_to) does.
impl Seek for QBuffer {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.pos().checked_add_signed(offset),
        };
        let before_start = || io::Error::new(ErrorKind::InvalidInput, "before the first byte");
        self.seek_to(position.ok_or_else(before_start)?)?;
        Ok(self.pos())
    }
}
