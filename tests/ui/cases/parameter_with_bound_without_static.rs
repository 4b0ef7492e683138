use std::fmt::Debug;

use slotwire::prelude::*;

#[derive(QObject)]
struct Channel<T: Debug> {
    waiting: Vec<T>,
    #[signal]
    received: Signal<T>,
}

#[slots]
impl<T: Debug> Channel<T> {
    #[slot(self.received)]
    fn show(&mut self, value: &T) {
        println!("{value:?}");
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let channel = rt.add(Channel { waiting: vec![1], received: Signal::new() });
    rt.emit(channel, Channel::received, 5);
}
