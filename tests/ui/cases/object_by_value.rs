use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Client {
    timer: QTimer,
    ticks: u32,
}

fn main() {}
