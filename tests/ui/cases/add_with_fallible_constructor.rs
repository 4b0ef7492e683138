use slotwire::prelude::*;

#[derive(QObject)]
struct Server {
    listener: Obj<QTcpServer>,
}

impl Server {
    fn new(cx: &mut Context<Self>) -> Result<Self, NetError> {
        let listener = cx.add_child(QTcpServer::new());
        cx[listener].listen(([127, 0, 0, 1], 0))?;
        Ok(Self { listener })
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Server::new);
}
