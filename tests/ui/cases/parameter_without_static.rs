use slotwire::prelude::*;

#[derive(QObject)]
struct Stack<T> {
    items: Vec<T>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Stack { items: vec![1] });
}
