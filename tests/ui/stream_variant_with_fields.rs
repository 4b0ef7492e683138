use slotwire::stream::ToDataStream;

#[derive(ToDataStream)]
enum Shape {
    Circle(f64),
}

fn main() {}
