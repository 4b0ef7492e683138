use slotwire::prelude::*;

#[derive(QObject)]
struct Reader;

#[slots]
impl Clone for Reader {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
