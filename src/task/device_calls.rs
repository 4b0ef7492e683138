//! Reading and writing a [`DeviceIo`] without the traits of another crate.

use std::future::poll_fn;
use std::io::{self, ErrorKind};

use super::device_io::{BOUND, DeviceIo};
use crate::io::QIODevice;
use crate::object::Target;

/// What most tasks need, without a feature. The traits of `futures_io` and tokio have more, in their
/// crates' extension traits.
impl<T: ?Sized + Target + QIODevice> DeviceIo<T> {
    /// Reads into `buffer`. Waits while there is nothing. Returns the number of bytes, or 0 at the
    /// end.
    ///
    /// # Errors
    ///
    /// Fails if the connection is lost, or has not come about, and if the device is closed or gone.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read_into(cx, buffer)).await
    }

    /// Reads a line, and returns it without its end (`\n` or `\r\n`). Waits until it has come whole.
    /// Returns `None` at the end. The last line needs no line feed.
    ///
    /// If the future is dropped, the next call goes on with the same line.
    ///
    /// # Errors
    ///
    /// Fails as [`read`](Self::read) does. Fails with `InvalidData` if the line is not valid UTF-8, and
    /// if it is longer than 64 KiB: then no byte of it is taken, and so each further call fails.
    pub async fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut searched = 0;
        let (length, end) = loop {
            let ahead = self.read_ahead();
            let feed = memchr::memchr(b'\n', &ahead[searched..]).map(|feed| searched + feed);
            searched = ahead.len();
            let end = feed.unwrap_or(searched);
            let length = end - usize::from(ahead[..end].ends_with(b"\r"));
            if length > BOUND {
                let text = "the line is longer than 65536 bytes";
                return Err(io::Error::new(ErrorKind::InvalidData, text));
            }
            if let Some(feed) = feed {
                break (length, feed + 1);
            }
            match poll_fn(|cx| self.poll_further_ahead(cx)).await? {
                0 if searched == 0 => return Ok(None),
                0 => break (searched, searched),
                _ => {}
            }
        };
        let line = str::from_utf8(&self.read_ahead()[..length]).map(str::to_owned);
        self.take_ahead(end);
        let invalid = || io::Error::new(ErrorKind::InvalidData, "the line is not valid UTF-8");
        line.map(Some).map_err(|_| invalid())
    }

    /// Writes all bytes. Waits while much is not sent yet.
    ///
    /// # Errors
    ///
    /// Fails if the device cannot take the bytes. Some of them may have been written then.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match poll_fn(|cx| self.poll_write_from(cx, bytes)).await? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }

    /// Waits until all written bytes are sent.
    ///
    /// # Errors
    ///
    /// Fails if the connection is lost before.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_send_all(cx)).await
    }

    /// Waits until all written bytes are sent, and ends the connection in good order, or closes
    /// another device.
    ///
    /// # Errors
    ///
    /// Fails if the connection is lost before.
    pub async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_end(cx)).await
    }
}
