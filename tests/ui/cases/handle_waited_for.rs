use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    socket.wait_for_connected(3000);
}
