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

#[derive(QObject, Default)]
struct Window {
    title: String,
}

#[slots]
impl Window {
    #[slot]
    fn show(&mut self, text: &str) {
        text.clone_into(&mut self.title);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(Socket::default());
    let label = rt.add(Label { text: String::new() });
    rt.connect(socket, Socket::text, label, Window::show);
}
