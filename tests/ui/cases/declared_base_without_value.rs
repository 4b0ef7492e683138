use slotwire::prelude::*;
use slotwire::QThread;

#[derive(QObject)]
struct Worker {
    #[qobject(base)]
    thread: QThread,
    #[child]
    timer: Obj<QTimer>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Worker::declared);
}
