use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    fortunes: Vec<String>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
