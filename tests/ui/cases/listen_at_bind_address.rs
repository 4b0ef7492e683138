use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let server = rt.add(QTcpServer::new());
    let _ = rt[server].listen((BindAddress::Any, 80));
}
