use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt.connect_fn(socket, QTcpSocket::ready_read, move |_, _| {
        rt[socket].read_all();
    });
}
