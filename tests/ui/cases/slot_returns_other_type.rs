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
    #[slot(socket.text)]
    fn read(&mut self, text: &str) -> std::time::Duration {
        let _ = (self.socket, text);
        std::time::Duration::ZERO
    }
}

fn main() {}
