use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[child]
    #[init(cx.add_child(QTcpSocket::new()))]
    socket: Obj<QTcpSocket>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
