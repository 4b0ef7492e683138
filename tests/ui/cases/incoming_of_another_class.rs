use slotwire::Incoming;
use slotwire::prelude::*;

#[derive(QObject)]
struct Journal {}

impl Journal {
    fn note(&mut self, _: &mut Context<Self>, _: Incoming) {}
}

#[derive(QObject)]
struct ChatServer {
    #[qobject(base)]
    server: QTcpServer,
}

impl ChatServer {
    fn new() -> Self {
        Self { server: QTcpServer::with_incoming(Journal::note) }
    }
}

fn main() {
    ChatServer::new();
}
