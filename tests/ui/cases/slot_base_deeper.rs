use slotwire::prelude::*;

#[derive(QObject)]
struct Server {
    #[qobject(base)]
    server: QTcpServer,
}

#[derive(QObject)]
struct ChatServer {
    #[qobject(base)]
    base: Server,
}

#[slots]
impl ChatServer {
    #[slot(self.base.server.new_connection)]
    fn welcome(&mut self) {}
}

fn main() {}
