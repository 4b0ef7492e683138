//! `Unfinished`: where the reading of a value has stopped that has not come whole.
//!
//! Keeps two promises. A value that has come whole is read at once: what is known of its beginning is
//! only used to find out that it has not. And the elements of a container are not read again from the
//! first one at each piece: the next ones are read where the last piece has stopped, and dropped, until
//! the container has come whole.

use std::fmt;
use std::marker::PhantomData;

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::progress::Progress;
use super::scope::Scope;
use super::settings::Settings;
use super::status::{DataStreamError, DataStreamStatus};
use super::value::FromDataStream;
use crate::stream::memory::Bytes;

/// What a program keeps of a value that has not come whole, for [`QDataStream::resume`].
pub struct Unfinished<T> {
    /// The containers whose elements have not all come, each within an element of the one before.
    containers: Vec<OpenContainer>,
    /// The settings with which the value was begun.
    settings: Settings,
    /// How many bytes had come when they were read last.
    come: usize,
    /// How many bytes must have come before the value can be whole.
    needed: usize,
    value: PhantomData<fn() -> T>,
}

/// A container that was being read when the bytes ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenContainer {
    /// How many of its elements have not been read.
    left: usize,
    /// Where the first of these begins, counted from the beginning of the value.
    at: u64,
    /// How deep its elements are nested.
    depth: usize,
    settings: Settings,
    /// The least size of an element.
    min_size: usize,
    /// Reads an element, and drops it.
    skip: fn(&mut QDataStream<Bytes<'_>>) -> Result<(), DataStreamError>,
}

impl OpenContainer {
    /// Notes that the next of `left` elements has not come whole. It begins at `start`, as the progress of
    /// the stream counts.
    #[cold]
    pub(super) fn note<T: FromDataStream, D>(stream: &mut QDataStream<D>, left: usize, start: u64) {
        if stream.progress.notes_containers() {
            stream.progress.note_container(Self {
                left,
                at: stream.progress.in_transaction(start),
                depth: stream.depth,
                settings: stream.settings,
                min_size: T::MIN_SIZE,
                skip: |stream| T::read_from(stream).map(drop),
            });
        }
    }

    /// Passes the elements that have come whole.
    fn pass(&mut self, bytes: &[u8]) -> Passed {
        let mut stream = QDataStream::with_settings(Bytes::from(bytes), self.settings);
        stream.start_transaction();
        stream.skip_raw(usize::try_from(self.at).unwrap_or(usize::MAX));
        stream.depth = self.depth;
        stream.progress.note_containers();
        while self.left > 0 {
            let start = stream.progress.taken();
            match (stream.read_element(self.skip), stream.status()) {
                (Ok(()), DataStreamStatus::Ok) if !stream.progress.is_open_ended() => {
                    self.left -= 1;
                }
                // The code of the element need not pass the error on.
                (Err(DataStreamError::ReadPastEnd), _) | (_, DataStreamStatus::ReadPastEnd) => {
                    self.at = start;
                    stream.progress.need(start, self.min_size);
                    return Passed::UpTo(Halt::of(&mut stream.progress));
                }
                _ => return Passed::Unknown,
            }
        }
        Passed::All
    }
}

/// What has come of a container.
enum Passed {
    /// All elements.
    All,
    /// The elements up to one that has not come whole.
    UpTo(Halt),
    /// An element is wrong, or it may be read in another way when more has come.
    Unknown,
}

/// Where an element has stopped that has not come whole.
struct Halt {
    /// The containers that are open in it, the innermost first.
    containers: Vec<OpenContainer>,
    /// How many bytes must have come before it can be whole, counted from the beginning of the value. 0
    /// if nobody knows.
    needed: usize,
}

impl Halt {
    fn of(progress: &mut Progress) -> Self {
        let needed = if progress.is_open_ended() { 0 } else { progress.needed() };
        Self { containers: progress.take_containers(), needed }
    }
}

impl<T> Unfinished<T> {
    /// Forgets what is known of a value, because the next bytes are those of another one.
    pub fn forget(&mut self) {
        self.containers.clear();
        self.needed = 0;
    }

    /// Notes where a value has stopped.
    fn note(&mut self, halt: Halt, settings: Settings, come: usize) {
        self.containers.clear();
        self.containers.extend(halt.containers.into_iter().rev());
        (self.settings, self.come, self.needed) = (settings, come, halt.needed);
    }

    /// Goes on in these bytes, which begin as those before. Returns how many bytes must have come before
    /// the value can be whole, if they show that it is not; otherwise nothing is known any more.
    fn go_on(&mut self, bytes: &[u8], settings: Settings) -> Option<usize> {
        if self.settings != settings || bytes.len() < self.come {
            self.forget();
        }
        if bytes.len() < self.needed {
            return Some(self.needed);
        }
        if bytes.len() / 2 >= self.come {
            // Much has come at once, so it may well be everything, which is read once then.
            self.forget();
        }
        self.come = bytes.len();
        while let Some(innermost) = self.containers.last_mut() {
            match innermost.pass(bytes) {
                // The element of the one before, in which this container is, has more parts.
                Passed::All => _ = self.containers.pop(),
                Passed::UpTo(halt) => {
                    let least =
                        |open: &OpenContainer| (open.left - 1).saturating_mul(open.min_size);
                    let rest = self.containers.iter().map(least);
                    let least = rest.fold(halt.needed, usize::saturating_add);
                    self.needed = least.max(self.come.saturating_add(1));
                    self.containers.extend(halt.containers.into_iter().rev());
                    return Some(self.needed);
                }
                Passed::Unknown => self.forget(),
            }
        }
        None
    }
}

impl<D: StreamDevice> QDataStream<D> {
    /// Reads a value if all of it has come, as [`read_whole`](Self::read_whole), and goes on where the last
    /// call with `unfinished` has stopped. Returns `None` if it has not come whole.
    ///
    /// A large value that comes in many pieces is read with less work: `read_whole` begins with its first
    /// byte at each piece. This function passes over the elements of a container as they come, and reads
    /// the whole value when all of it has come. So what one element has is read some few times, however
    /// small the pieces are: once more for each container in which the element is, and for each part
    /// that follows such a container in a struct.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::stream::{DataStreamError, QDataStream, Unfinished};
    ///
    /// #[derive(QObject)]
    /// struct Client {
    ///     socket: Obj<QTcpSocket>,
    ///     unfinished: Unfinished<Vec<String>>,
    ///     lists: Vec<Vec<String>>,
    /// }
    ///
    /// #[slots]
    /// impl Client {
    ///     #[slot(socket.ready_read)]
    ///     fn read(&mut self, cx: &mut Context<Self>) -> Result<(), DataStreamError> {
    ///         let mut stream = QDataStream::new(&mut cx[self.socket]);
    ///         while let Some(list) = stream.resume(&mut self.unfinished)? {
    ///             self.lists.push(list);
    ///         }
    ///         Ok(())
    ///     }
    ///
    ///     #[slot(socket.disconnected)]
    ///     fn forget(&mut self) {
    ///         self.unfinished.forget();
    ///     }
    /// }
    ///
    /// // A list of two strings, of which one has come.
    /// let bytes = b"\0\0\0\x02\0\0\0\x02\0a\0\0\0\x02\0b";
    /// let mut unfinished = Unfinished::default();
    /// let mut stream = QDataStream::from_bytes(&bytes[..12]);
    /// assert_eq!(stream.resume::<Vec<String>>(&mut unfinished)?, None);
    /// let mut stream = QDataStream::from_bytes(bytes);
    /// assert_eq!(stream.resume(&mut unfinished)?, Some(vec!["a".to_owned(), "b".to_owned()]));
    /// # Ok::<_, DataStreamError>(())
    /// ```
    ///
    /// The bytes must begin with those of the last call, so nothing else may read from the device
    /// meanwhile. Call [`forget`](Unfinished::forget) if they are those of another value or of another
    /// connection; otherwise the call may return `None` although the value is whole.
    ///
    /// Only containers of this library are passed over so. A `read_from` that reads elements in a loop of
    /// its own, and a type of serde, are read from their first byte each time that what they
    /// [need](Self::bytes_needed) has come.
    ///
    /// # Errors
    ///
    /// As [`read_whole`](Self::read_whole), but not before what the value [needs](Self::bytes_needed) at
    /// least has come.
    pub fn resume<T: FromDataStream>(
        &mut self,
        unfinished: &mut Unfinished<T>,
    ) -> Result<Option<T>, DataStreamError> {
        if self.is_transaction_started() {
            unfinished.forget();
            return self.read_whole();
        }
        let settings = self.settings;
        if unfinished.needed > 0
            && let Some(needed) = unfinished.go_on(self.device.look_to_end(usize::MAX).0, settings)
        {
            self.reset_status();
            self.progress.begin_transaction();
            self.progress.need(self.progress.taken(), needed);
            return Ok(None);
        }
        self.progress.note_containers();
        let read = Scope { stream: self, end: |stream| stream.progress.end_noting() };
        let read = read.run(Self::read_whole);
        let halt = Halt::of(&mut self.progress);
        match read {
            Ok(None) => {
                let come = self.device.look_to_end(usize::MAX).0.len();
                unfinished.note(halt, settings, come);
            }
            _ => unfinished.forget(),
        }
        read
    }
}

impl<T> Default for Unfinished<T> {
    fn default() -> Self {
        let settings = Settings::default();
        Self { containers: Vec::new(), settings, come: 0, needed: 0, value: PhantomData }
    }
}

impl<T> Clone for Unfinished<T> {
    fn clone(&self) -> Self {
        Self { containers: self.containers.clone(), ..*self }
    }
}

impl<T> fmt::Debug for Unfinished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfinished").field("containers", &self.containers).finish_non_exhaustive()
    }
}
