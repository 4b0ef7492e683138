use std::io::{self, Write};

use slotwire::prelude::*;

#[derive(QObject)]
struct Pipe {
    from: Obj<QTcpSocket>,
    to: Obj<QTcpSocket>,
}

#[slots]
impl Pipe {
    #[slot(from.ready_read)]
    fn pass_on(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let from = &mut cx[self.from];
        while let Some(line) = from.read_line_string() {
            writeln!(cx[self.to], "{line}")?;
        }
        Ok(())
    }
}

fn main() {}
