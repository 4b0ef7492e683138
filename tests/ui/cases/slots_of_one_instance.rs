use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Channel<T: 'static> {
    waiting: Vec<T>,
    #[signal]
    received: Signal<T>,
}

#[slots]
impl Channel<u8> {
    #[slot(self.received)]
    fn keep(&mut self, value: u8) {
        self.waiting.push(value);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let channel = rt.add(Channel::<u8>::default());
    rt.emit(channel, Channel::received, 5);
}
