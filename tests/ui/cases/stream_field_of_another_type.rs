use std::cell::Cell;

use slotwire::stream::ToDataStream;

#[derive(ToDataStream)]
struct Reading {
    sensor: String,
    value: Cell<f64>,
}

fn main() {}
