use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let timer = rt.add(QTimer::new());
    rt[timer].start(100);
}
