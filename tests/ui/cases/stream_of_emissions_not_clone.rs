use slotwire::prelude::*;

struct Picture(Vec<u8>);

#[derive(QObject, Default)]
struct Camera {
    #[signal]
    taken: Signal<Picture>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let camera = rt.add(Camera::default());
    let pictures = rt.stream(camera, Camera::taken, 4);
    drop(pictures);
}
