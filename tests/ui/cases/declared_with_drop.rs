use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[child]
    socket: Obj<QTcpSocket>,
    host: String,
    #[signal]
    fortune: Signal<String>,
}

#[slots]
impl Client {
    fn new(cx: &mut Context<Self>, host: String) -> Self {
        Self { host, ..Self::declared(cx) }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        println!("{} is left alone", self.host);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(|cx| Client::new(cx, "localhost".to_owned()));
}
