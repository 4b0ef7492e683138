use std::time::Duration;

use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    let timer = rt.add(QTimer::new());
    rt.spawn(async move |task| {
        let timer = task.with(|world| &mut world[timer]);
        task.sleep(Duration::from_secs(1)).await;
        timer.stop();
    });
}
