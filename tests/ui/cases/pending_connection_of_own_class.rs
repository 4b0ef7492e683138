use slotwire::Incoming;
use slotwire::prelude::*;

#[derive(QObject)]
struct Session {
    #[qobject(base: QAbstractSocket)]
    socket: QTcpSocket,
}

#[derive(QObject)]
struct Server {
    #[qobject(base)]
    server: QTcpServer,
}

impl Server {
    fn incoming(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let session = cx.add_child(Session { socket: incoming.into_socket() });
        self.server.add_pending_connection(session);
    }
}

fn main() {}
