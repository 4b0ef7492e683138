use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

#[slots]
impl Client {
    #[slot(socket.bytes_written)]
    fn count(&mut self, cx: &mut World, count: usize) {
        let _ = (self.socket, cx, count);
    }
}

fn main() {}
