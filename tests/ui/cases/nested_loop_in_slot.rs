use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    socket: Obj<QTcpSocket>,
}

#[slots]
impl Client {
    #[slot(socket.connected)]
    fn ask(&mut self, cx: &mut Context<Self>) -> Result<(), slotwire::Error> {
        cx.exec()?;
        Ok(())
    }
}

fn main() {}
