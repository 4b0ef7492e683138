use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[child]
    socket: Obj<QTcpSocket>,
    timer: Obj<QTimer>,
}

#[slots]
impl Client {
    #[slot(timer.timeout)]
    fn retry(&mut self) {}
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
