//! The standard library's traits, which every device has.

/// Writes `Read`, `BufRead` and `Write` for a class that is a device.
macro_rules! device_std_io {
    ($class:ty) => {
        /// Reads what there is. Never blocks.
        impl ::std::io::Read for $class {
            /// Reads what there is, up to the size of `buffer`. 0 is the end, or an empty datagram.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing has come; `NotConnected` if the device is not open for
            /// reading, or is a socket of datagrams that is neither connected nor connecting.
            fn read(&mut self, buffer: &mut [u8]) -> ::std::io::Result<usize> {
                $crate::io::std_io::read(self, buffer)
            }
        }

        /// Shows what there is. Never blocks.
        impl ::std::io::BufRead for $class {
            /// Shows the bytes that come next. None is the end, or an empty datagram, which is shown
            /// once.
            ///
            /// # Errors
            ///
            /// As `read`.
            fn fill_buf(&mut self) -> ::std::io::Result<&[u8]> {
                $crate::io::std_io::fill_buf(self)
            }

            /// Takes bytes that `fill_buf` has shown.
            fn consume(&mut self, count: usize) {
                $crate::io::std_io::consume(self, count);
            }
        }

        /// Takes what is written. Never blocks.
        impl ::std::io::Write for $class {
            /// Takes `bytes`, or as many of them as the device can take.
            ///
            /// # Errors
            ///
            /// `NotConnected` if the device is not open for writing, or a socket neither connected
            /// nor connecting.
            fn write(&mut self, bytes: &[u8]) -> ::std::io::Result<usize> {
                $crate::io::std_io::write(self, bytes)
            }

            /// Sends what goes out at once, without waiting for the rest.
            ///
            /// # Errors
            ///
            /// Whatever the device says.
            fn flush(&mut self) -> ::std::io::Result<()> {
                $crate::io::RawDevice::flush_data(self)
            }
        }
    };
}

pub(crate) use device_std_io;

pub(crate) use super::reading::{consume, fill_buf, read};
pub(crate) use super::writing::write;
