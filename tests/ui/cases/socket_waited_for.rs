use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("localhost", 7755);
    rt[socket].wait_for_connected(3000);
}
