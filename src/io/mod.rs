//! Devices: everything that bytes are read from and written to.

mod byte_queue;
mod device;
mod io_device;
mod open_mode;

#[doc(hidden)]
pub use device::Device;
pub(crate) use io_device::META as Q_IO_DEVICE;
pub use io_device::QIODevice;
pub use open_mode::OpenMode;
