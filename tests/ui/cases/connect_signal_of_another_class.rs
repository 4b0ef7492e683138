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
    text: String,
}

#[slots]
impl Label {
    #[slot]
    fn show(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }
}

#[derive(QObject, Default)]
struct Timer {
    #[signal]
    timeout: Signal<String>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(Socket::default());
    let label = rt.add(Label::default());
    rt.connect(socket, Timer::timeout, label, Label::show);
}
