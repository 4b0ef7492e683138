use slotwire::prelude::*;

struct Refused;

async fn ask(_: slotwire::TaskContext) -> Result<(), Refused> {
    Err(Refused)
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.spawn(ask);
}
