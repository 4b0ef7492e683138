use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt.connect_fn(socket, QTcpSocket::connected, move |world, _| {
        world.wait_for_ready_read(socket, None);
    });
}
