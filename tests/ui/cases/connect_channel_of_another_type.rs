use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Channel<T: Clone + 'static> {
    waiting: Vec<T>,
    #[signal]
    received: Signal<T>,
}

#[slots]
impl<T: Clone + 'static> Channel<T> {
    #[slot]
    fn keep(&mut self, value: &T) {
        self.waiting.push(value.clone());
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let numbers = rt.add(Channel::<u32>::default());
    let words = rt.add(Channel::<String>::default());
    rt.connect(numbers, Channel::received, words, Channel::keep);
}
