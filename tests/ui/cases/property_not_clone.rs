use slotwire::prelude::*;

#[derive(Default, PartialEq)]
struct Font;

#[derive(QObject, Default)]
struct Label {
    #[property(read_only)]
    font: Property<Option<Font>>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let label = rt.add(Label::default());
    let _ = rt[label].font();
}
