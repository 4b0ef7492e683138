use slotwire::prelude::*;
use slotwire::QThread;

#[derive(QObject)]
struct Pool {
    #[child]
    thread: Obj<QThread>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Pool::declared);
}
