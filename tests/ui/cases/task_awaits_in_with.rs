use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let timer = rt.add(QTimer::new());
    rt.spawn(async move |task| {
        task.with(|world| {
            world[timer].start();
            task.next(timer, QTimer::timeout).await.unwrap();
        });
    });
}
