use slotwire::prelude::*;

#[derive(QObject)]
struct Setting<T: 'static> {
    #[property]
    value: Property<T>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Setting { value: Property::new(1) });
}
