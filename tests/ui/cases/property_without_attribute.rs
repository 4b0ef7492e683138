use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Label {
    text: Property<String>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let label = rt.add(Label::default());
    rt[label].set_text("a".to_owned());
}
