use slotwire::prelude::*;

#[derive(QObject)]
struct Clock {
    #[child]
    timers: Vec<Obj<QTimer>>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add_with(Clock::declared);
}
