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
    name: String,
}

#[slots]
impl Reader {
    #[slot(name.text)]
    fn read(&mut self, text: &str) {
        let _ = (self.socket, &self.name, text);
    }
}

fn main() {}
