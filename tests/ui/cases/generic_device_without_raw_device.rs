use slotwire::Device;
use slotwire::prelude::*;

#[derive(QObject)]
struct Log<T: 'static> {
    #[qobject(device)]
    device: Device,
    lines: Vec<T>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Log { device: Device::default(), lines: vec![1] });
}
