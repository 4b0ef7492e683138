use slotwire::QBuffer;
use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Log {
    #[qobject(device)]
    buffer: QBuffer,
}

fn main() {}
