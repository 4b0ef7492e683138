use slotwire::prelude::*;

#[derive(QObject)]
struct Bank {
    cents: u64,
}

impl Bank {
    fn take(&mut self, cx: &mut Context<Self>, cents: u64) {
        self.cents += cents;
        let _ = cx.this();
    }
}

#[derive(QObject)]
struct Clerk {
    bank: Obj<Bank>,
}

#[slots]
impl Clerk {
    #[slot]
    fn charge(&mut self, cx: &mut Context<Self>) {
        cx[self.bank].take(cx, 5);
    }
}

fn main() {}
