use slotwire::object::Anchor;
use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Lamp {
    #[qobject(enter = Self::open)]
    is_lit: bool,
}

impl Lamp {
    pub fn open(&mut self, _: &Anchor<'_>) {
        self.is_lit = true;
    }
}

fn main() {
    Runtime::new().unwrap().add(Lamp::default());
}
