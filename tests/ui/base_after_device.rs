use slotwire::prelude::*;
use slotwire::{Device, QTcpSocket};

#[derive(QObject, Default)]
struct Client {
    #[qobject(device)]
    device: Device,
    #[qobject(base: QAbstractSocket)]
    socket: QTcpSocket,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Client::default());
}
