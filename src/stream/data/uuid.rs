//! UUIDs, by the crate `uuid`.

use uuid::Uuid;

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::numbers::ByteOrder;
use super::status::DataStreamError;
use super::value::{FromDataStream, ToDataStream};

/// As Qt's `QUuid`: a number of 32 bits, two of 16 bits, and eight bytes. Null is [`Uuid::nil`].
impl ToDataStream for Uuid {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.push(&match stream.byte_order() {
            ByteOrder::BigEndian => *self.as_bytes(),
            ByteOrder::LittleEndian => self.to_bytes_le(),
        })
    }
}

/// As Qt's `QUuid`.
impl FromDataStream for Uuid {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        let bytes = stream.with_bytes(16, |bytes| {
            *bytes.first_chunk::<16>().expect("the stream returns as many bytes as were asked for")
        })?;
        Ok(match stream.byte_order() {
            ByteOrder::BigEndian => Self::from_bytes(bytes),
            ByteOrder::LittleEndian => Self::from_bytes_le(bytes),
        })
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 16;
}
