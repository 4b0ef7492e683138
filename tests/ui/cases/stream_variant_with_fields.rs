use slotwire::stream::{FromDataStream, ToDataStream};

#[derive(ToDataStream, FromDataStream)]
enum Shape {
    Circle(f64),
}

fn main() {}
