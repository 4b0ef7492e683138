use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

#[slots]
impl Client {
    #[slot(socket.connected)]
    fn ask(&mut self, cx: &mut Context<Self>) {
        cx.wait_for_ready_read(self.socket, None);
    }
}

fn main() {}
