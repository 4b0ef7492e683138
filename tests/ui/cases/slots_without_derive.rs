use slotwire::prelude::*;

struct Reader {
    lines: u32,
}

#[slots]
impl Reader {
    #[slot]
    fn read(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
        self.lines += 1;
    }
}

fn main() {}
