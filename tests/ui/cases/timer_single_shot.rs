use std::time::Duration;

use slotwire::prelude::*;

fn main() {
    QTimer::single_shot(Duration::from_millis(100), || println!("now"));
}
