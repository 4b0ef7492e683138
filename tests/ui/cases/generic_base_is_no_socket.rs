use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Session<T: 'static> {
    #[qobject(base: QAbstractSocket)]
    timer: QTimer,
    state: Option<T>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Session::<u8>::default());
}
