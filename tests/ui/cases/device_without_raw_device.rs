use slotwire::Device;
use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Pipe {
    #[qobject(device)]
    device: Device,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let pipe = rt.add(Pipe::default());
    rt.destroy(pipe);
}
