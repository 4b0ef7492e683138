use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

impl Socket {
    #[slot]
    fn read(&mut self) {
        self.text.emit(String::new());
    }
}

fn main() {}
