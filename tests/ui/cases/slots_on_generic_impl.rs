use slotwire::prelude::*;

struct Stack<T> {
    items: Vec<T>,
}

#[slots]
impl<T> Stack<T> {
    #[slot]
    fn clear(&mut self) {
        self.items.clear();
    }
}

fn main() {}
