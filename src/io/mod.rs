//! Devices: everything that bytes are read from and written to.

mod buffer;
mod byte_queue;
mod device;
#[doc(hidden)]
pub mod device_signal;
mod forwarding;
mod io_device;
mod message_ends;
mod message_reading;
mod open_mode;
mod raw_device;
mod reading;
mod searched;
mod spare;
pub(crate) mod std_io;
mod text;
mod transaction;
mod writing;

pub use buffer::QBuffer;
#[doc(hidden)]
pub use byte_queue::ByteQueue;
pub(crate) use byte_queue::Lease;
pub use device::Device;
pub(crate) use io_device::META as Q_IO_DEVICE;
pub use io_device::QIODevice;
pub(crate) use message_reading::take_held;
pub use open_mode::OpenMode;
pub use raw_device::RawDevice;
pub(crate) use reading::peek_to_end;
