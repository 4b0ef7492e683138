//! Where the signals of a device are, by name.

use super::device::Device;
use crate::object::Signal;

/// New bytes have come.
pub fn ready_read(device: &Device) -> &Signal<()> {
    &device.ready_read
}

/// Bytes have gone out.
pub fn bytes_written(device: &Device) -> &Signal<usize> {
    &device.bytes_written
}

/// The device is about to be closed.
pub fn about_to_close(device: &Device) -> &Signal<()> {
    &device.rare().about_to_close
}

/// Nothing more will come.
pub fn read_channel_finished(device: &Device) -> &Signal<()> {
    &device.rare().read_channel_finished
}

/// New bytes have come in a channel.
pub fn channel_ready_read(device: &Device) -> &Signal<usize> {
    &device.rare().channel_ready_read
}

/// Bytes of a channel have gone out.
pub fn channel_bytes_written(device: &Device) -> &Signal<(usize, usize)> {
    &device.rare().channel_bytes_written
}
