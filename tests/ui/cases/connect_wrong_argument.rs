use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

#[derive(QObject, Default)]
struct Label {
    size: u32,
}

#[slots]
impl Label {
    #[slot]
    fn resize(&mut self, size: u32) {
        self.size = size;
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(Socket::default());
    let label = rt.add(Label::default());
    rt.connect(socket, Socket::text, label, Label::resize);
}
