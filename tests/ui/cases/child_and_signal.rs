use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[child]
    #[signal]
    fortune: Signal<String>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
