use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

#[slots]
impl Client {
    #[slot]
    fn start(&mut self, cx: &mut Context<Self>) {
        cx.connect(self.socket, QTcpSocket::connected, cx.this(), Self::greet);
    }

    #[slot]
    fn greet(&mut self) {}
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt.add(Client { socket });
}
