use slotwire::prelude::*;

#[derive(QObject)]
struct Server {
    #[qobject(base)]
    server: QTcpServer,
}

#[slots]
impl Server {
    #[slot(self.server.ready_read)]
    fn welcome(&mut self) {}
}

fn main() {}
