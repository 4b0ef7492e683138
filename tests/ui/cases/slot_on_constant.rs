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
    #[slot]
    const SIZE: usize = 4;

    #[slot(socket.ready_read)]
    fn read(&mut self) {
        let _ = (self.socket, Self::SIZE);
    }
}

fn main() {}
