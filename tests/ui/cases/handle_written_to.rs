use std::io::{self, Write};

use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

#[slots]
impl Client {
    #[slot(socket.connected)]
    fn greet(&mut self) -> io::Result<()> {
        self.socket.write_all(b"hello\n")
    }
}

fn main() {}
