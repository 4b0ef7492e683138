use slotwire::prelude::*;

#[derive(QObject)]
enum Shape {
    Circle,
    Square,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Shape::Circle);
    rt.add(Shape::Square);
}
