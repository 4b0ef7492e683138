use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

#[slots(queued)]
impl Socket {
    #[slot(self.text)]
    fn read(&mut self) {}
}

fn main() {}
