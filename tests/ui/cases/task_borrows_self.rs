use std::time::Duration;

use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Lamp {
    is_on: bool,
}

#[slots]
impl Lamp {
    #[slot]
    fn light(&mut self, cx: &mut Context<Self>) {
        self.is_on = true;
        cx.spawn(async move |task| {
            task.sleep(Duration::from_secs(60)).await;
            self.is_on = false;
        });
    }
}

fn main() {}
