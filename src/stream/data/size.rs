//! Sizes, as they stand before strings and containers.

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::numbers::ByteOrder;
use super::status::DataStreamError;
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;

/// Stands for the size of a string that is null.
const NULL: u32 = 0xffff_ffff;
/// Announces a size of 64 bits.
const EXTENDED: u32 = 0xffff_fffe;

impl<D: StreamDevice> QDataStream<D> {
    /// Reads a size; `None` means null.
    pub(super) fn read_size(&mut self) -> Result<Option<u64>, DataStreamError> {
        match u32::read_from(self)? {
            NULL => Ok(None),
            EXTENDED if self.version() >= DataStreamVersion::Qt6_7 => match i64::read_from(self)? {
                -1 => Ok(None),
                size => {
                    u64::try_from(size).map(Some).map_err(|_| DataStreamError::SizeLimitExceeded {
                        size: size.cast_unsigned(),
                        unit: "bytes or elements",
                        limit: i64::MAX.cast_unsigned(),
                    })
                }
            },
            size => Ok(Some(size.into())),
        }
    }

    /// Reads the size of a string or of an array of bytes; `None` means null. Fails if it is larger
    /// than the limit.
    pub(super) fn read_byte_count(&mut self) -> Result<Option<usize>, DataStreamError> {
        let Some(size) = self.read_size()? else { return Ok(None) };
        self.check_size(size, "bytes", self.limits().bytes)?;
        Ok(usize::try_from(size).ok())
    }

    /// Reads the number of a container's elements. Fails if it is larger than the limit, and if it is
    /// null, as in Qt.
    pub(super) fn read_element_count(&mut self) -> Result<usize, DataStreamError> {
        let unit = "elements";
        let limit = self.limits().elements;
        let Some(size) = self.read_size()? else {
            let (size, limit) = (NULL.into(), limit as u64);
            return Err(DataStreamError::SizeLimitExceeded { size, unit, limit });
        };
        self.check_size(size, unit, limit)?;
        Ok(usize::try_from(size).unwrap_or(usize::MAX))
    }

    /// Writes a size.
    pub(super) fn write_size(&mut self, size: usize) -> Result<(), DataStreamError> {
        match u32::try_from(size) {
            Ok(short) if short < EXTENDED => short.write_to(self),
            Ok(EXTENDED) if self.version() < DataStreamVersion::Qt6_7 => EXTENDED.write_to(self),
            _ if self.version() >= DataStreamVersion::Qt6_7 => {
                EXTENDED.write_to(self)?;
                (size as u64).write_to(self)
            }
            _ => Err(DataStreamError::SizeLimitExceeded {
                size: size as u64,
                unit: "bytes or elements",
                limit: EXTENDED.into(),
            }),
        }
    }

    /// Writes the bytes that `append` appends, no more than `most`, after their number.
    pub(super) fn write_sized(
        &mut self,
        most: usize,
        append: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), DataStreamError> {
        if !is_short(most) {
            let mut bytes = Vec::new();
            append(&mut bytes);
            self.write_size(bytes.len())?;
            return self.push(&bytes);
        }
        let order = self.byte_order();
        self.push_with(|outgoing| {
            let place = outgoing.len();
            outgoing.extend_from_slice(&[0; size_of::<u32>()]);
            append(outgoing);
            let size = outgoing.len() - place - size_of::<u32>();
            let size = u32::try_from(size).expect("no more than `most` bytes were appended");
            fill_in(outgoing, place, size, order);
        })
    }

    pub(super) fn write_null(&mut self) -> Result<(), DataStreamError> {
        NULL.write_to(self)
    }

    /// Writes the size of a container whose elements follow. If it is not known yet, it is filled in
    /// by [`end_counted`](Self::end_counted).
    #[cfg(feature = "serde")]
    pub(super) fn begin_counted(
        &mut self,
        announced: Option<usize>,
    ) -> Result<Counted, DataStreamError> {
        let place = self.outgoing.len();
        self.write_size(announced.unwrap_or(0))?;
        Ok(Counted { place, announced, count: 0 })
    }

    /// Ends a container. Fails if it has other elements than it announced.
    #[cfg(feature = "serde")]
    pub(super) fn end_counted(&mut self, counted: &Counted) -> Result<(), DataStreamError> {
        let count = counted.count;
        match counted.announced {
            Some(announced) if announced == count => Ok(()),
            Some(announced) => Err(DataStreamError::Unsupported(format!(
                "{count} elements in place of the {announced} that were announced"
            ))),
            None => {
                let Some(short) = u32::try_from(count).ok().filter(|_| is_short(count)) else {
                    return Err(DataStreamError::SizeLimitExceeded {
                        size: count as u64,
                        unit: "elements",
                        limit: EXTENDED.into(),
                    });
                };
                let order = self.byte_order();
                fill_in(&mut self.outgoing, counted.place, short, order);
                Ok(())
            }
        }
    }
}

/// Returns true if a size has 32 bits in every version.
fn is_short(size: usize) -> bool {
    size < EXTENDED as usize
}

/// Puts a size into the place that was left for it.
fn fill_in(outgoing: &mut [u8], place: usize, size: u32, order: ByteOrder) {
    let bytes = match order {
        ByteOrder::BigEndian => size.to_be_bytes(),
        ByteOrder::LittleEndian => size.to_le_bytes(),
    };
    outgoing[place..][..bytes.len()].copy_from_slice(&bytes);
}

/// A container that is being written: where its size is, and how many elements were written.
#[cfg(feature = "serde")]
#[derive(Debug)]
pub(super) struct Counted {
    place: usize,
    announced: Option<usize>,
    count: usize,
}

#[cfg(feature = "serde")]
impl Counted {
    pub(super) fn add_one(&mut self) {
        self.count += 1;
    }
}
