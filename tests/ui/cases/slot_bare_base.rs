use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[qobject(base)]
    socket: QTcpSocket,
}

#[slots]
impl Client {
    #[slot(self.ready_read)]
    fn read(&mut self) {}
}

fn main() {}
