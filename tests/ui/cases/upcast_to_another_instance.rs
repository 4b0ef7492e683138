use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Channel<T: 'static> {
    waiting: Vec<T>,
}

#[derive(QObject, Default)]
struct Named<T: 'static> {
    #[qobject(base)]
    channel: Channel<T>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let named = rt.add(Named::<u8>::default());
    let _: Obj<Channel<u16>> = named.upcast();
}
