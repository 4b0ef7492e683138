use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[init]
    port: u16,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
