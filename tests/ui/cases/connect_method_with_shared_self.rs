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

impl Label {
    fn show(&self, text: &str) {
        println!("{text} {}", self.size);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(Socket::default());
    let label = rt.add(Label::default());
    rt.connect(socket, Socket::text, label, Label::show);
}
