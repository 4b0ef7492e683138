//! `QDataStream`: reads and writes values in Qt's binary format.

use super::device::StreamDevice;
use super::limits::DataStreamLimits;
use super::numbers::{ByteOrder, FloatingPointPrecision};
use super::status::{DataStreamError, DataStreamStatus};
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
    device: D,
    version: DataStreamVersion,
    byte_order: ByteOrder,
    precision: FloatingPointPrecision,
    limits: DataStreamLimits,
    status: DataStreamStatus,
    /// How many transactions are under way, each in the one before.
    transactions: usize,
    /// How deep the value is nested that is being read.
    depth: usize,
    /// How many values are being written, each in the one before.
    writes: usize,
    /// What was written of the outermost value.
    outgoing: Vec<u8>,
    /// How many bytes were taken.
    taken: u64,
    /// How many elements were read that took no bytes.
    unpaid: u64,
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
        Self {
            device,
            version: DataStreamVersion::default(),
            byte_order: ByteOrder::default(),
            precision: FloatingPointPrecision::default(),
            limits: DataStreamLimits::default(),
            status: DataStreamStatus::Ok,
            transactions: 0,
            depth: 0,
            writes: 0,
            outgoing: Vec::new(),
            taken: 0,
            unpaid: 0,
        }
    }

    /// Returns the same stream in another version.
    #[must_use]
    pub fn with_version(mut self, version: DataStreamVersion) -> Self {
        self.version = version;
        self
    }

    /// Returns the same stream in another byte order.
    #[must_use]
    pub fn with_byte_order(mut self, order: ByteOrder) -> Self {
        self.byte_order = order;
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
        self.version
    }

    /// Sets the version of the format. The default is the newest.
    #[doc(alias = "setVersion")]
    pub fn set_version(&mut self, version: DataStreamVersion) {
        self.version = version;
    }

    /// Returns the byte order of numbers.
    #[doc(alias = "byteOrder")]
    pub fn byte_order(&self) -> ByteOrder {
        self.byte_order
    }

    /// Sets the byte order of numbers. The default is [`ByteOrder::BigEndian`].
    #[doc(alias = "setByteOrder")]
    pub fn set_byte_order(&mut self, order: ByteOrder) {
        self.byte_order = order;
    }

    /// Returns the precision of floating-point numbers.
    #[doc(alias = "floatingPointPrecision")]
    pub fn floating_point_precision(&self) -> FloatingPointPrecision {
        self.precision
    }

    /// Sets in which precision floating-point numbers are read and written, `f32` and `f64` alike,
    /// in [`Qt4_6`](DataStreamVersion::Qt4_6) and later versions. The default is
    /// [`FloatingPointPrecision::Double`]. Before `Qt4_6`, each type has its own precision.
    #[doc(alias = "setFloatingPointPrecision")]
    pub fn set_floating_point_precision(&mut self, precision: FloatingPointPrecision) {
        self.precision = precision;
    }

    /// Returns how much is read because the data says so.
    pub fn limits(&self) -> DataStreamLimits {
        self.limits
    }

    /// Sets how much is read because the data says so.
    pub fn set_limits(&mut self, limits: DataStreamLimits) {
        self.limits = limits;
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
        self.status = DataStreamStatus::Ok;
    }

    /// Returns true if there is nothing to read now.
    #[doc(alias = "atEnd")]
    pub fn at_end(&mut self) -> bool {
        self.device.look(1).is_empty()
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
        let value = match T::COUNTS_AS_NESTED {
            true => self.nested(T::read_from),
            false => T::read_from(self),
        };
        value.map_err(|error| self.failed(error))
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

    /// Reads a value if all of it has come. Returns `None` if it has not: what has come is then left
    /// for the next time, and the status is `Ok`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), except for `ReadPastEnd`. What was read of the wrong value is taken.
    pub fn read_whole<T: FromDataStream>(&mut self) -> Result<Option<T>, DataStreamError> {
        self.transaction(Self::read)
    }

    /// Reads what `f` reads, if all of it has come. Returns `None` if it has not: what has come is
    /// then left for the next time, and the status is `Ok`.
    ///
    /// ```
    /// # use slotwire::stream::{DataStreamError, QDataStream};
    /// let mut stream = QDataStream::from_bytes(b"\x00\x03\x61\x62\x63\x00\x02\x64");
    /// let mut next = || {
    ///     stream.transaction(|stream| {
    ///         let length = stream.read::<u16>()?;
    ///         stream.read_raw(length.into())
    ///     })
    /// };
    /// assert_eq!(next()?.as_deref(), Some(&b"abc"[..]));
    /// assert_eq!(next()?, None, "one byte has not come yet");
    /// # Ok::<_, DataStreamError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, except for one because more must come. What was read is taken then.
    /// An error that `f` does not pass on counts too: [`AfterFailure`](DataStreamError::AfterFailure)
    /// tells its status.
    pub fn transaction<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, DataStreamError>,
    ) -> Result<Option<T>, DataStreamError> {
        self.start_transaction();
        let read = Scope { stream: self, end: |stream: &mut Self| _ = stream.commit_transaction() };
        let read = read.run(|stream| {
            let read = f(stream).map_err(|error| stream.failed(error));
            match stream.status {
                DataStreamStatus::ReadPastEnd => Err(DataStreamError::ReadPastEnd),
                DataStreamStatus::Ok => read,
                status => read.and(Err(DataStreamError::AfterFailure(status))),
            }
        });
        match read {
            Err(DataStreamError::ReadPastEnd) if self.transactions == 0 => {
                self.reset_status();
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Begins a transaction. An outermost one begins the device's and resets the status; one within
    /// another only counts.
    #[doc(alias = "startTransaction")]
    pub fn start_transaction(&mut self) {
        self.transactions += 1;
        if self.transactions == 1 {
            self.device.begin();
            self.reset_status();
        }
    }

    /// Ends a transaction. The outermost one puts back what was read if the status is
    /// `ReadPastEnd`, and takes it otherwise. Returns true if nothing went wrong. Returns false, and
    /// does nothing, if there is no transaction.
    #[doc(alias = "commitTransaction")]
    pub fn commit_transaction(&mut self) -> bool {
        if self.transactions == 0 {
            return false;
        }
        self.end_transaction();
        self.status == DataStreamStatus::Ok
    }

    /// Ends a transaction because more must come: sets the status `ReadPastEnd`, and the outermost
    /// one puts back what was read. Takes it if something else went wrong before. Only sets the
    /// status if there is no transaction.
    #[doc(alias = "rollbackTransaction")]
    pub fn rollback_transaction(&mut self) {
        self.set_status(DataStreamStatus::ReadPastEnd);
        if self.transactions > 0 {
            self.end_transaction();
        }
    }

    /// Ends a transaction because the data is wrong: sets the status `ReadCorruptData`, and takes
    /// what was read. Only sets the status if there is no transaction.
    #[doc(alias = "abortTransaction")]
    pub fn abort_transaction(&mut self) {
        self.status = DataStreamStatus::ReadCorruptData;
        if self.transactions > 0 {
            self.end_transaction();
        }
    }

    fn end_transaction(&mut self) {
        self.transactions -= 1;
        if self.transactions == 0 {
            self.device.end(self.status == DataStreamStatus::ReadPastEnd);
        }
    }

    /// Returns true during a transaction.
    #[doc(alias = "isDeviceTransactionStarted")]
    pub fn is_transaction_started(&self) -> bool {
        self.transactions > 0
    }

    /// Reads `count` bytes as they are, without a length.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[doc(alias = "readRawData")]
    pub fn read_raw(&mut self, count: usize) -> Result<Vec<u8>, DataStreamError> {
        self.check_size(count as u64, "bytes", self.limits.bytes)?;
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
                self.set_status(DataStreamStatus::ReadPastEnd);
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
            self.take(rest);
            return Err(self.failed(DataStreamError::ReadPastEnd));
        }
        let value = f(bytes);
        self.take(count);
        Ok(value)
    }

    #[inline]
    fn take(&mut self, count: usize) {
        self.device.take(count);
        self.taken += count as u64;
    }

    /// Reads a number of elements, and gives each to `keep`. Fails if more of them take no bytes than
    /// the stream had bytes, since a size alone would take memory and time then.
    pub(super) fn read_elements<T: FromDataStream>(
        &mut self,
        count: usize,
        mut keep: impl FnMut(T),
    ) -> Result<(), DataStreamError> {
        for _ in 0..count {
            let before = self.taken;
            keep(T::read_from(self)?);
            if self.taken == before {
                self.unpaid += 1;
                let limit = usize::try_from(self.taken).unwrap_or(usize::MAX);
                let limit = limit.saturating_add(UNPAID);
                self.check_size(self.unpaid, "elements without bytes", limit)?;
            }
        }
        Ok(())
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
        self.check_size(self.depth as u64 + 1, "levels of nesting", self.limits.depth)?;
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
        if size <= limit as u64 {
            return Ok(());
        }
        let limit = limit as u64;
        Err(self.failed(DataStreamError::SizeLimitExceeded { size, unit, limit }))
    }

    /// Fails in a transaction in which something went wrong before, as in Qt.
    #[inline]
    fn check_readable(&self) -> Result<(), DataStreamError> {
        match self.status {
            status if self.transactions > 0 && status != DataStreamStatus::Ok => {
                Err(DataStreamError::AfterFailure(status))
            }
            _ => Ok(()),
        }
    }

    /// Notes what went wrong.
    #[cold]
    fn failed(&mut self, error: DataStreamError) -> DataStreamError {
        self.set_status(error.status());
        error
    }
}

/// How many bytes are looked at once to skip them.
const SKIPPED_AT_ONCE: usize = 64 * 1024;

/// How many elements may take no bytes, beside one for each byte of the stream.
const UNPAID: usize = 4096;

/// A part of a stream's work that ends in any case, also if the code of a value panics.
struct Scope<'a, D, E: Fn(&mut QDataStream<D>)> {
    stream: &'a mut QDataStream<D>,
    end: E,
}

impl<D, E: Fn(&mut QDataStream<D>)> Scope<'_, D, E> {
    #[inline]
    fn run<T>(self, f: impl FnOnce(&mut QDataStream<D>) -> T) -> T {
        f(self.stream)
    }
}

impl<D, E: Fn(&mut QDataStream<D>)> Drop for Scope<'_, D, E> {
    #[inline]
    fn drop(&mut self) {
        (self.end)(self.stream);
    }
}

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
