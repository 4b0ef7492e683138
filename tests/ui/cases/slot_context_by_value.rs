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
    #[slot(socket.ready_read)]
    fn read(&mut self, cx: Context<Self>) {
        let _ = (self.socket, cx);
    }
}

fn main() {}
