use slotwire::prelude::*;

#[derive(QObject)]
struct Client {}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let client = rt.add(Client {});
    rt[client].delete_later();
}
