//! The elements of containers, and the memory that the parts of a value take.
//!
//! Keeps the promise of `DataStreamLimits::memory`: whatever takes memory is counted before it does,
//! and a vector grows only by as much as its value may still take.

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::unfinished::OpenContainer;
use super::value::FromDataStream;

impl<D: StreamDevice> QDataStream<D> {
    /// Reads a number of elements, and gives each to `keep`. Fails if more of them take no bytes than
    /// the stream had bytes, since a size alone would take memory and time then.
    pub(super) fn read_elements<T: FromDataStream>(
        &mut self,
        count: usize,
        mut keep: impl FnMut(&mut Self, T) -> Result<(), DataStreamError>,
    ) -> Result<(), DataStreamError> {
        let format_changes = self.progress.format_changes();
        for left in (0..count).rev() {
            let start = self.progress.taken();
            match self.read_element(T::read_from) {
                Ok(value) => keep(self, value)?,
                Err(error) => {
                    let error = self.not_read(error, start, T::MIN_SIZE);
                    if matches!(error, DataStreamError::ReadPastEnd) {
                        self.progress.need_more(left.saturating_mul(T::MIN_SIZE));
                        if self.progress.format_changes() == format_changes {
                            OpenContainer::note::<T, D>(self, left + 1, start);
                        }
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Reads an element. Fails as `read_elements`.
    #[inline]
    pub(super) fn read_element<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DataStreamError>,
    ) -> Result<T, DataStreamError> {
        let start = self.progress.taken();
        let value = read(self)?;
        if self.progress.taken() == start {
            let (unpaid, limit) = self.progress.add_unpaid();
            self.check_limit(unpaid, "elements without bytes", limit)?;
        }
        Ok(value)
    }

    /// Reads a number of elements into a vector, whose memory is charged.
    pub(super) fn read_vec<T: FromDataStream>(
        &mut self,
        count: usize,
    ) -> Result<Vec<T>, DataStreamError> {
        let mut values = Vec::new();
        self.read_elements(count, |stream, value| {
            if values.len() == values.capacity() {
                stream.grow(&mut values, count)?;
            }
            values.push(value);
            Ok(())
        })?;
        Ok(values)
    }

    /// Makes room in a full vector of up to `count` values: twice as much, or as much as the value
    /// may still take, but for one more in any case.
    fn grow<T>(&mut self, values: &mut Vec<T>, count: usize) -> Result<(), DataStreamError> {
        let wished = values.len().max(4).min(count - values.len());
        let allowed = match self.depth {
            0 => usize::MAX,
            _ => {
                usize::try_from(self.progress.memory_left(self.settings.limits.memory))
                    .unwrap_or(usize::MAX)
                    / size_of::<T>().max(1)
            }
        };
        let more = wished.min(allowed).max(1);
        self.charge(more.saturating_mul(size_of::<T>()))?;
        values.reserve_exact(more);
        Ok(())
    }

    /// Counts the memory that a part of a value takes. Fails if the value takes too much. A value
    /// without parts is not counted: what it takes is less than twice its bytes.
    #[inline]
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), DataStreamError> {
        if self.depth == 0 {
            return Ok(());
        }
        let (memory, limit) = self.progress.add_memory(bytes, self.settings.limits.memory);
        self.check_limit(memory, "bytes of memory", limit)
    }

    /// Takes back what was counted of a part that is gone.
    pub(super) fn discharge(&mut self, bytes: usize) {
        if self.depth > 0 {
            self.progress.free_memory(bytes);
        }
    }
}
