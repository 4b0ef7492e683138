use slotwire::prelude::*;

#[derive(Default)]
struct Queue<T> {
    waiting: Vec<T>,
}

#[derive(QObject, Default)]
struct Channel<T: 'static> {
    #[qobject(base)]
    queue: Queue<T>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Channel::<u8>::default());
}
