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
    #[slot(socket.destroyed, queued)]
    fn read(&mut self) {
        let _ = self.socket;
    }
}

fn main() {}
