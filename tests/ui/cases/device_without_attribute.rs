use std::io;

use slotwire::prelude::*;
use slotwire::Device;

#[derive(QObject, Default)]
struct Memory {
    device: Device,
    bytes: Vec<u8>,
}

impl Memory {
    fn take(&mut self) -> io::Result<Vec<u8>> {
        Ok(std::mem::take(&mut self.bytes))
    }
}

fn main() {}
