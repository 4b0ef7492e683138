use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

#[derive(QObject)]
struct Reader {
    socket: Obj<Socket>,
}

#[slots]
impl Reader {
    #[slot(socket.destroyed)]
    fn forget(&mut self, socket: Obj<Socket>) {
        let _ = (self.socket, socket);
    }
}

fn main() {}
