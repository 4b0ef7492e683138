use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    let client = rt.add(Client { socket });
    rt.connect_fn(client, QTcpSocket::error_occurred, |_, _| {});
}
