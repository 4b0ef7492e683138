use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Label {
    #[signal]
    changed: Signal<()>,
}

#[derive(QObject, Default)]
struct Log {
    #[qobject(base: QIODevice)]
    label: Label,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let log = rt.add(Log::default());
    writeln!(rt[log], "line").unwrap();
}
