use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Label {
    #[qobject(base)]
    text: String,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Label::default());
}
