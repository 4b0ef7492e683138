use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

#[slots]
impl Client {
    #[slot(socket.disconnected)]
    fn forget(&mut self) {
        self.socket.delete_later();
    }
}

fn main() {}
