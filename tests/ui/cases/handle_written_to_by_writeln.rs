use std::io::Write;

use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    writeln!(socket, "hello").unwrap();
}
