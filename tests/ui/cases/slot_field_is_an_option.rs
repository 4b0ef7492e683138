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
    other: Option<Obj<Socket>>,
}

#[slots]
impl Reader {
    #[slot(other.destroyed)]
    fn forget(&mut self) {
        let _ = (self.socket, self.other);
    }
}

fn main() {}
