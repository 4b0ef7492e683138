use slotwire::prelude::*;

fn greet(rt: &mut Runtime, device: Obj<dyn QIODevice>) {
    let _ = rt[device].write_all(b"hello\n");
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    greet(&mut rt, socket);
}
