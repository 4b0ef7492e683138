use std::io;

use slotwire::prelude::*;
use slotwire::{Device, RawDevice};

#[derive(QObject)]
struct Cipher {
    #[qobject(device)]
    device: Device,
    socket: Obj<QTcpSocket>,
}

impl RawDevice for Cipher {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read(buffer)
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn main() {}
