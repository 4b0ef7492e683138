use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[property]
    #[init("7755")]
    port: Property<u16>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
