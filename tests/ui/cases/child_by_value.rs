use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[child]
    socket: QTcpSocket,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
