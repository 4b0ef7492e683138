use slotwire::prelude::*;

fn main() {
    let _ = Runtime::simulated(42);
}
