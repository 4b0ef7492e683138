use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

impl Client {
    fn new(cx: &mut Context<Self>) -> Self {
        Self { socket: cx.add_child(QTcpSocket::new()) }
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let client = Client::new(&mut rt);
    rt.add(client);
}
