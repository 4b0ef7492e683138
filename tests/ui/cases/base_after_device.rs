use std::io;

use slotwire::prelude::*;
use slotwire::{Device, QTcpSocket, RawDevice};

#[derive(QObject, Default)]
struct Client {
    #[qobject(device)]
    device: Device,
    #[qobject(base: QAbstractSocket)]
    socket: QTcpSocket,
}

impl RawDevice for Client {
    fn read_data(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Client::default());
}
