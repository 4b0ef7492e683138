use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Channel<T: 'static> {
    waiting: Vec<T>,
    #[signal]
    received: Signal<T>,
}

#[slots]
impl<T: 'static> Channel<T> {
    #[slot(self.received)]
    fn keep(&mut self, value: T) {
        self.waiting.push(value);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let channel = rt.add(Channel::<u8>::default());
    rt.emit(channel, Channel::received, 5);
}
