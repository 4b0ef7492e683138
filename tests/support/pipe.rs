//! A device to which a test brings the bytes.

use std::collections::VecDeque;
use std::io::{self, Read};

use slotwire::prelude::*;
use slotwire::{Device, RawDevice};

/// A device with one direction, to which bytes are brought.
#[derive(QObject, Default)]
pub struct Pipe {
    #[qobject(device)]
    device: Device,
    come: VecDeque<u8>,
    has_ended: bool,
    /// As the size of a read buffer; 0 is no limit.
    pub limit: usize,
    /// It does not tell how many bytes there are.
    pub tells_nothing: bool,
}

impl RawDevice for Pipe {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.come.read(buffer)? {
            0 if !self.has_ended => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this pipe has one direction"))
    }

    fn data_available(&self) -> usize {
        if self.tells_nothing { 0 } else { self.come.len() }
    }

    fn buffer_limit(&self) -> usize {
        if self.limit == 0 { usize::MAX } else { self.limit }
    }
}

impl Pipe {
    /// Brings bytes, and emits `ready_read`.
    pub fn bring(&mut self, bytes: &[u8]) {
        self.come.extend(bytes);
        self.ready_read().emit(());
    }

    /// Ends the device, and emits `read_channel_finished`.
    pub fn end(&mut self) {
        self.has_ended = true;
        self.read_channel_finished().emit(());
    }
}
