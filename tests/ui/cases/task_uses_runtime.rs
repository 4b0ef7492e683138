use std::time::Duration;

use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.spawn(async |task| {
        task.sleep(Duration::from_secs(1)).await;
        rt.quit();
    });
}
