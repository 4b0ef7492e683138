use slotwire::prelude::*;
use slotwire::stream::QTextStream;

#[derive(QObject)]
struct Reader {
    #[child]
    socket: Obj<QTcpSocket>,
}

#[slots]
impl Reader {
    #[slot(socket.ready_read)]
    fn read(&mut self) {
        let _stream = QTextStream::new(self.socket);
    }
}

fn main() {}
