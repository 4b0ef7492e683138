use slotwire::prelude::*;

#[derive(QObject)]
struct Line<'a> {
    text: &'a str,
    #[signal]
    shown: Signal<()>,
}

#[slots]
impl<'a> Line<'a> {
    #[slot(self.shown)]
    fn show(&mut self) {
        println!("{}", self.text);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let line = rt.add(Line { text: "a", shown: Signal::new() });
    rt.emit(line, Line::shown, ());
}
