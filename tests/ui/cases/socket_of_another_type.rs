use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Client {
    #[qobject(socket)]
    socket: QTcpSocket,
}

fn main() {}
