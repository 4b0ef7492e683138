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
    rt.spawn(async move |task| {
        let picture = task.next(camera, Camera::taken).await;
        let _ = picture.map(|picture| picture.0);
    });
}
