use slotwire::stream::{FromDataStream, ToDataStream};

#[derive(ToDataStream, FromDataStream)]
enum Flag {
    Low = 1,
    High = 0x1_0000_0001,
}

fn main() {}
