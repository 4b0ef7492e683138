use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

struct Reader {
    socket: Obj<Socket>,
    lines: u32,
}

#[slots]
impl Reader {
    #[slot(socket.text)]
    fn read(&mut self) {
        self.lines += 1;
    }

    #[slot(socket.ready_read)]
    fn look(&mut self) {}
}

fn main() {}
