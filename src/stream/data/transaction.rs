//! Transactions of a stream: reading that can be undone.
//!
//! Keeps one promise: a transaction that the program has begun on the device itself is neither
//! committed nor rolled back by its stream.

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::scope::Scope;
use super::status::{DataStreamError, DataStreamStatus};
use super::value::FromDataStream;

/// The transactions that are under way.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    /// How many there are, each in the one before.
    open: usize,
    /// True if they are within a transaction of the device that the stream has not begun.
    is_within_another: bool,
}

impl Transactions {
    /// Returns true if none is under way, not on the device either.
    fn is_outermost(&self) -> bool {
        self.open == 0 && !self.is_within_another
    }
}

impl<D: StreamDevice> QDataStream<D> {
    /// Reads a value if all of it has come. Returns `None` if it has not: what has come is then left
    /// for the next time, the status is `Ok`, and [`bytes_needed`](Self::bytes_needed) tells when it
    /// is worth to read again.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), except for `ReadPastEnd`. What was read of the wrong value is taken.
    ///
    /// In a transaction that the program has begun on the device itself, what has not come whole is
    /// `ReadPastEnd`: the device has one transaction, which is the program's to roll back.
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
            Err(DataStreamError::ReadPastEnd) if self.transactions.is_outermost() => {
                self.status = DataStreamStatus::Ok;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Returns how many bytes must have come at least before a value can be read that has not come
    /// whole: after [`read_whole`](Self::read_whole) or [`transaction`](Self::transaction) has
    /// returned `None`, counted from the beginning of the value. Returns 0 before, and after they
    /// have read a value.
    ///
    /// To read again before so many bytes are there cannot succeed, and takes the work of reading
    /// once more. [`resume`](Self::resume) knows this, and more. Where it cannot be used, as with
    /// `transaction`, a program can keep this number, and wait for as many bytes:
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::stream::{DataStreamError, QDataStream};
    ///
    /// #[derive(QObject)]
    /// struct Client {
    ///     socket: Obj<QTcpSocket>,
    ///     needed: usize,
    ///     lists: Vec<Vec<u32>>,
    /// }
    ///
    /// #[slots]
    /// impl Client {
    ///     #[slot(socket.ready_read)]
    ///     fn read(&mut self, cx: &mut Context<Self>) -> Result<(), DataStreamError> {
    ///         if cx[self.socket].bytes_available() < self.needed {
    ///             return Ok(());
    ///         }
    ///         let mut stream = QDataStream::new(&mut cx[self.socket]);
    ///         while let Some(list) = stream.read_whole()? {
    ///             self.lists.push(list);
    ///         }
    ///         self.needed = stream.bytes_needed();
    ///         Ok(())
    ///     }
    /// }
    ///
    /// // A list of four numbers, of which one has come.
    /// let mut stream = QDataStream::from_bytes(&[0, 0, 0, 4, 0, 0, 0, 7]);
    /// assert_eq!(stream.read_whole::<Vec<u32>>()?, None);
    /// assert_eq!(stream.bytes_needed(), 20);
    /// # Ok::<_, DataStreamError>(())
    /// ```
    ///
    /// The number is exact for a string or an array of bytes whose length has come. Otherwise it
    /// follows from the [`MIN_SIZE`](FromDataStream::MIN_SIZE) of the types, so a list of strings
    /// may need more in the end. On a socket whose read buffer has a limit below this number, the
    /// value never comes.
    pub fn bytes_needed(&self) -> usize {
        self.progress.needed()
    }

    /// Begins a transaction. An outermost one begins the device's and resets the status; one within
    /// another only counts. If the program has begun a transaction on the device itself, that one
    /// goes on, and this one leaves to it what becomes of the bytes.
    #[doc(alias = "startTransaction")]
    pub fn start_transaction(&mut self) {
        self.transactions.open += 1;
        if self.transactions.open == 1 {
            self.transactions.is_within_another = !self.device.begin();
            self.progress.begin_transaction();
            self.status = DataStreamStatus::Ok;
        }
    }

    /// Ends a transaction. The outermost one puts back what was read if the status is
    /// `ReadPastEnd`, and takes it otherwise. Returns true if nothing went wrong. Returns false, and
    /// does nothing, if there is no transaction.
    #[doc(alias = "commitTransaction")]
    pub fn commit_transaction(&mut self) -> bool {
        if !self.is_transaction_started() {
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
        if self.is_transaction_started() {
            self.end_transaction();
        }
    }

    /// Ends a transaction because the data is wrong: sets the status `ReadCorruptData`, and takes
    /// what was read. Only sets the status if there is no transaction.
    #[doc(alias = "abortTransaction")]
    pub fn abort_transaction(&mut self) {
        self.status = DataStreamStatus::ReadCorruptData;
        if self.is_transaction_started() {
            self.end_transaction();
        }
    }

    fn end_transaction(&mut self) {
        self.transactions.open -= 1;
        if self.transactions.is_outermost() {
            let puts_back = self.status == DataStreamStatus::ReadPastEnd;
            self.device.end(puts_back);
            if puts_back {
                self.progress.put_back();
            }
        }
    }

    /// Returns true during a transaction.
    #[doc(alias = "isDeviceTransactionStarted")]
    pub fn is_transaction_started(&self) -> bool {
        self.transactions.open > 0
    }
}
