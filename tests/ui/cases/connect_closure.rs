use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(Socket::default());
    rt.connect(socket, Socket::text, socket, |text: &String| println!("{text}"));
}
