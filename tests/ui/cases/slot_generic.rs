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
    fn read<T: AsRef<str>>(&mut self, text: T) {
        let _ = (self.socket, text.as_ref());
    }
}

fn main() {}
