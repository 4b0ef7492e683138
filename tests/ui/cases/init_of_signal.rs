use slotwire::prelude::*;

#[derive(QObject)]
struct Client {
    #[signal]
    #[init(Signal::new())]
    fortune: Signal<String>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Client::declared);
}
