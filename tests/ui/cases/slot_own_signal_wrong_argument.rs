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
    #[signal]
    finished: Signal<String>,
}

#[slots]
impl Reader {
    #[slot(self.finished)]
    fn read(&mut self, text: u32) {
        let _ = (self.socket, text);
    }
}

fn main() {}
