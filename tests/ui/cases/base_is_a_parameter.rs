use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Logged<B: QObject> {
    #[qobject(base)]
    logged: B,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Logged::<QTimer>::default());
}
