use slotwire::QBuffer;
use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Client {
    #[qobject(base: QAbstractSocket)]
    buffer: QBuffer,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let client = rt.add(Client::default());
    rt[client].connect_to_host("localhost", 1);
}
