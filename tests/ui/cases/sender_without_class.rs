use slotwire::prelude::*;

#[derive(QObject)]
struct Client {}

#[slots]
impl Client {
    #[slot]
    fn fail(&mut self, cx: &mut Context<Self>) {
        if let Some(sender) = cx.sender() {
            cx[sender].abort();
        }
    }
}

fn main() {}
