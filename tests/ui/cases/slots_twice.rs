use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

#[slots]
impl Socket {
    #[slot(self.ready_read)]
    fn read(&mut self) {}
}

#[slots]
impl Socket {
    #[slot(self.text)]
    fn show(&mut self) {}
}

fn main() {}
