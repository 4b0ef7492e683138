use slotwire::stream::FromDataStream;

#[derive(FromDataStream)]
struct Reading {
    sensor: Option<String>,
    value: Option<f64>,
}

fn main() {}
