use std::net::Ipv4Addr;

use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[child]
    socket: Obj<QTcpSocket>,
    address: Ipv4Addr,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
