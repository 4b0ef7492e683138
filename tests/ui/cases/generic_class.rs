use slotwire::prelude::*;

#[derive(QObject)]
struct Stack<T> {
    items: Vec<T>,
    #[signal]
    pushed: Signal<usize>,
    #[property]
    limit: Property<usize>,
}

#[slots]
impl<T> Stack<T> {
    #[slot(self.pushed)]
    fn show(&mut self, len: usize) {
        println!("{len}");
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let stack = rt.add(Stack { items: vec![1], pushed: Signal::new(), limit: 5.into() });
    rt.connect(stack, Stack::pushed, stack, Stack::show);
    rt[stack].set_limit(6);
}
