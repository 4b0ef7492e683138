use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    text: Signal<String>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(Socket::default());
    let _ = rt.spy(socket, Socket::text);
}
