use slotwire::prelude::*;

#[derive(QObject)]
struct Client {}

#[slots]
impl Client {
    #[slot]
    fn read(&mut self, cx: &mut Context<Self>) {
        cx.deliver();
    }
}

fn main() {}
