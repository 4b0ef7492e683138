#![deny(unused_must_use)]

use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connected();
}
