use slotwire::prelude::*;
use slotwire::{Device, QTcpSocket};

#[derive(QObject, Default)]
struct Client {
    #[qobject(base: QAbstractSocket)]
    socket: QTcpSocket,
    #[qobject(device)]
    device: Device,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let client = rt.add(Client::default());
    rt[client].connect_to_host("localhost", 1);
}
