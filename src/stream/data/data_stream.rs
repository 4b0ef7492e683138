//! `QDataStream`: reads and writes values in Qt's binary format.

use super::device::StreamDevice;
use super::limits::DataStreamLimits;
use super::numbers::{ByteOrder, FloatingPointPrecision};
use super::progress::Progress;
use super::scope::Scope;
use super::settings::Settings;
use super::status::{DataStreamError, DataStreamStatus};
use super::transaction::Transactions;
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;
use crate::stream::memory::Bytes;

/// Reads and writes values in the binary format of Qt's class of this name.
///
/// A `ready_read` is not a message: it may bring half of one, or three.
/// [`read_whole`](Self::read_whole) reads a value if all of it has come, and otherwise leaves what is
/// there for the next time:
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::stream::{DataStreamError, QDataStream};
///
/// #[derive(QObject)]
/// struct Client {
///     socket: Obj<QTcpSocket>,
///     fortunes: Vec<String>,
/// }
///
/// #[slots]
/// impl Client {
///     #[slot(socket.ready_read)]
///     fn read(&mut self, cx: &mut Context<Self>) -> Result<(), DataStreamError> {
///         let mut stream = QDataStream::new(&mut cx[self.socket]);
///         while let Some(fortune) = stream.read_whole()? {
///             self.fortunes.push(fortune);
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// A value is written whole or not at all, also to a socket with a write limit:
///
/// ```
/// # use slotwire::stream::{DataStreamError, QDataStream};
/// let mut stream = QDataStream::new(Vec::new());
/// stream.write(&(7_u16, "seven"))?;
/// assert_eq!(stream.into_device(), b"\x00\x07\x00\x00\x00\x0a\x00s\x00e\x00v\x00e\x00n");
/// # Ok::<_, DataStreamError>(())
/// ```
///
/// The format of both ends must be the same: the [version](Self::set_version), the
/// [byte order](Self::set_byte_order) and the
/// [precision](Self::set_floating_point_precision). Each has Qt's default.
#[derive(Debug)]
pub struct QDataStream<D> {
    pub(super) device: D,
    pub(super) settings: Settings,
    pub(super) status: DataStreamStatus,
    pub(super) transactions: Transactions,
    pub(super) progress: Progress,
    /// How deep the value is nested that is being read.
    pub(super) depth: usize,
    /// How many values are being written, each in the one before.
    pub(super) writes: usize,
    /// What was written of the outermost value.
    pub(super) outgoing: Vec<u8>,
}

impl<'a> QDataStream<Bytes<'a>> {
    /// Creates a stream that reads bytes in memory.
    ///
    /// ```
    /// # use slotwire::stream::{DataStreamError, QDataStream};
    /// let mut stream = QDataStream::from_bytes(b"\x00\x07\x01");
    /// assert_eq!(stream.read::<(u16, bool)>()?, (7, true));
    /// assert!(stream.at_end());
    /// # Ok::<_, DataStreamError>(())
    /// ```
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self::new(bytes.into())
    }
}

impl<D: StreamDevice> QDataStream<D> {
    /// Creates a stream on a device, in the newest version and in big-endian byte order.
    pub fn new(device: D) -> Self {
        Self::with_settings(device, Settings::default())
    }

    /// Creates a stream on a device, with these settings.
    pub(crate) fn with_settings(device: D, settings: Settings) -> Self {
        Self {
            device,
            settings,
            status: DataStreamStatus::Ok,
            transactions: Transactions::default(),
            progress: Progress::default(),
            depth: 0,
            writes: 0,
            outgoing: Vec::new(),
        }
    }

    /// Returns the same stream in another version.
    #[must_use]
    pub fn with_version(mut self, version: DataStreamVersion) -> Self {
        self.settings.version = version;
        self
    }

    /// Returns the same stream in another byte order.
    #[must_use]
    pub fn with_byte_order(mut self, order: ByteOrder) -> Self {
        self.settings.byte_order = order;
        self
    }

    /// Returns what the stream reads from and writes to.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// Ends the stream, and returns what it reads from and writes to.
    pub fn into_device(self) -> D {
        self.device
    }

    /// Returns the version of the format.
    pub fn version(&self) -> DataStreamVersion {
        self.settings.version
    }

    /// Sets the version of the format. The default is the newest.
    #[doc(alias = "setVersion")]
    pub fn set_version(&mut self, version: DataStreamVersion) {
        self.settings.version = version;
        self.progress.change_format();
    }

    /// Returns the byte order of numbers.
    #[doc(alias = "byteOrder")]
    pub fn byte_order(&self) -> ByteOrder {
        self.settings.byte_order
    }

    /// Sets the byte order of numbers. The default is [`ByteOrder::BigEndian`].
    #[doc(alias = "setByteOrder")]
    pub fn set_byte_order(&mut self, order: ByteOrder) {
        self.settings.byte_order = order;
        self.progress.change_format();
    }

    /// Returns the precision of floating-point numbers.
    #[doc(alias = "floatingPointPrecision")]
    pub fn floating_point_precision(&self) -> FloatingPointPrecision {
        self.settings.precision
    }

    /// Sets in which precision floating-point numbers are read and written, `f32` and `f64` alike,
    /// in [`Qt4_6`](DataStreamVersion::Qt4_6) and later versions. The default is
    /// [`FloatingPointPrecision::Double`]. Before `Qt4_6`, each type has its own precision.
    #[doc(alias = "setFloatingPointPrecision")]
    pub fn set_floating_point_precision(&mut self, precision: FloatingPointPrecision) {
        self.settings.precision = precision;
        self.progress.change_format();
    }

    /// Returns how much is read because the data says so.
    pub fn limits(&self) -> DataStreamLimits {
        self.settings.limits
    }

    /// Sets how much is read because the data says so.
    pub fn set_limits(&mut self, limits: DataStreamLimits) {
        self.settings.limits = limits;
        self.progress.change_format();
    }

    /// Returns the first thing that went wrong since the status was reset.
    pub fn status(&self) -> DataStreamStatus {
        self.status
    }

    /// Sets the status, unless something went wrong before.
    #[doc(alias = "setStatus")]
    pub fn set_status(&mut self, status: DataStreamStatus) {
        if self.status == DataStreamStatus::Ok {
            self.status = status;
        }
    }

    /// Forgets what went wrong.
    #[doc(alias = "resetStatus")]
    pub fn reset_status(&mut self) {
        self.progress.end_is_open();
        self.status = DataStreamStatus::Ok;
    }

    /// Returns true if there is nothing to read now.
    #[doc(alias = "atEnd")]
    pub fn at_end(&mut self) -> bool {
        let is_at_end = self.device.look(1).is_empty();
        if is_at_end {
            self.progress.end_is_open();
        }
        is_at_end
    }

    /// Reads a value.
    ///
    /// As in Qt, what has come of a value that has not come whole is taken, unless a transaction
    /// puts it back.
    ///
    /// # Errors
    ///
    /// [`ReadPastEnd`](DataStreamError::ReadPastEnd) if the value has not come whole;
    /// [`ReadCorruptData`](DataStreamError::ReadCorruptData) if the data is no such value;
    /// [`SizeLimitExceeded`](DataStreamError::SizeLimitExceeded) if it announces more than the
    /// [limits](Self::set_limits) allow; [`AfterFailure`](DataStreamError::AfterFailure) in a
    /// transaction in which something went wrong before.
    #[doc(alias = "operator>>")]
    #[inline]
    pub fn read<T: FromDataStream>(&mut self) -> Result<T, DataStreamError> {
        let start = self.progress.taken();
        let value = match T::COUNTS_AS_NESTED {
            true => self.nested(T::read_from),
            false => T::read_from(self),
        };
        value.map_err(|error| self.not_read(error, start, T::MIN_SIZE))
    }

    /// Writes a value. If the device does not take all of it, none of it is written.
    ///
    /// # Errors
    ///
    /// [`WriteFailed`](DataStreamError::WriteFailed) if the device does not take it;
    /// [`SizeLimitExceeded`](DataStreamError::SizeLimitExceeded) if it is larger than the version
    /// can say; [`AfterFailure`](DataStreamError::AfterFailure) if something went wrong before and
    /// the status was not reset, as in Qt.
    #[doc(alias = "operator<<")]
    #[inline]
    pub fn write<T: ToDataStream + ?Sized>(&mut self, value: &T) -> Result<(), DataStreamError> {
        if self.status != DataStreamStatus::Ok {
            return Err(DataStreamError::AfterFailure(self.status));
        }
        if self.writes == 0 {
            self.outgoing.clear();
        }
        self.writes += 1;
        let written = Scope { stream: self, end: |stream| stream.writes -= 1 }
            .run(|stream| value.write_to(stream));
        let written = if self.writes == 0 { written.and_then(|()| self.send()) } else { written };
        written.map_err(|error| self.failed(error))
    }

    /// Passes the outermost value on to the device, unless a part of it failed.
    fn send(&mut self) -> Result<(), DataStreamError> {
        match self.status {
            DataStreamStatus::Ok => {
                self.device.put(&self.outgoing).map_err(DataStreamError::WriteFailed)
            }
            status => Err(DataStreamError::AfterFailure(status)),
        }
    }

    /// Reads `count` bytes as they are, without a length.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[doc(alias = "readRawData")]
    pub fn read_raw(&mut self, count: usize) -> Result<Vec<u8>, DataStreamError> {
        self.check_size(count as u64, "bytes", self.settings.limits.bytes)?;
        self.with_bytes(count, <[u8]>::to_vec)
    }

    /// Writes bytes as they are, without a length.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    #[doc(alias = "writeRawData")]
    pub fn write_raw(&mut self, bytes: &[u8]) -> Result<(), DataStreamError> {
        self.write(&Raw(bytes))
    }

    /// Drops up to `count` bytes of what can be read now, and returns how many. Sets the status
    /// `ReadPastEnd` if there are fewer.
    #[doc(alias = "skipRawData")]
    pub fn skip_raw(&mut self, count: usize) -> usize {
        if self.check_readable().is_err() {
            return 0;
        }
        let mut skipped = 0;
        while skipped < count {
            let found = self.device.look((count - skipped).min(SKIPPED_AT_ONCE)).len();
            if found == 0 {
                self.past_end(count - skipped, 0);
                break;
            }
            self.take(found);
            skipped += found;
        }
        skipped
    }

    /// Reads `count` bytes, and returns what `f` makes of them. The caller has checked the count.
    #[inline]
    pub(super) fn with_bytes<T>(
        &mut self,
        count: usize,
        f: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, DataStreamError> {
        self.check_readable()?;
        let bytes = self.device.look(count);
        if bytes.len() < count {
            let rest = bytes.len();
            return Err(self.past_end(count, rest));
        }
        let value = f(bytes);
        self.take(count);
        Ok(value)
    }

    #[inline]
    fn take(&mut self, count: usize) {
        self.device.take(count);
        self.progress.take(count);
    }

    /// Takes what there is in place of `count` bytes.
    #[cold]
    fn past_end(&mut self, count: usize, rest: usize) -> DataStreamError {
        self.progress.need(self.progress.taken(), count);
        self.take(rest);
        self.failed(DataStreamError::ReadPastEnd)
    }

    /// Writes a part of the value that is being written; a value by itself if there is none, which
    /// is so if a program calls `write_to`.
    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), DataStreamError> {
        self.push_with(|outgoing| outgoing.extend_from_slice(bytes))
    }

    /// As [`push`](Self::push), of what `f` appends.
    #[inline]
    pub(super) fn push_with(
        &mut self,
        f: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), DataStreamError> {
        if self.writes > 0 {
            f(&mut self.outgoing);
            return Ok(());
        }
        let mut bytes = Vec::new();
        f(&mut bytes);
        self.write(&Raw(&bytes))
    }

    /// Reads a value that may have such values in it. Fails if they are nested too deep.
    pub(super) fn nested<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, DataStreamError>,
    ) -> Result<T, DataStreamError> {
        self.check_size(self.depth as u64 + 1, "levels of nesting", self.settings.limits.depth)?;
        if self.depth == 0 {
            self.progress.begin_value();
        }
        self.depth += 1;
        Scope { stream: self, end: |stream| stream.depth -= 1 }.run(f)
    }

    /// Fails if the data announces more than the limit.
    pub(super) fn check_size(
        &mut self,
        size: u64,
        unit: &'static str,
        limit: usize,
    ) -> Result<(), DataStreamError> {
        self.check_limit(size, unit, limit as u64)
    }

    #[inline]
    pub(super) fn check_limit(
        &mut self,
        size: u64,
        unit: &'static str,
        limit: u64,
    ) -> Result<(), DataStreamError> {
        match size <= limit {
            true => Ok(()),
            false => Err(self.failed(DataStreamError::SizeLimitExceeded { size, unit, limit })),
        }
    }

    /// Fails in a transaction in which something went wrong before, as in Qt.
    #[inline]
    fn check_readable(&self) -> Result<(), DataStreamError> {
        match self.status {
            status if self.is_transaction_started() && status != DataStreamStatus::Ok => {
                Err(DataStreamError::AfterFailure(status))
            }
            _ => Ok(()),
        }
    }

    /// Notes what went wrong.
    #[cold]
    pub(super) fn failed(&mut self, error: DataStreamError) -> DataStreamError {
        self.set_status(error.status());
        error
    }

    /// Notes that a value of `min_size` bytes at least, which begins at `start`, was not read.
    #[cold]
    pub(super) fn not_read(
        &mut self,
        error: DataStreamError,
        start: u64,
        min_size: usize,
    ) -> DataStreamError {
        if matches!(error, DataStreamError::ReadPastEnd) {
            self.progress.need(start, min_size);
        }
        self.failed(error)
    }
}

/// How many bytes are looked at once to skip them.
const SKIPPED_AT_ONCE: usize = 64 * 1024;

/// Bytes that are written as they are.
struct Raw<'a>(&'a [u8]);

impl ToDataStream for Raw<'_> {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.push(self.0)
    }
}
