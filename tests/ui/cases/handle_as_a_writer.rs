use std::io;

use slotwire::prelude::*;

fn main() -> io::Result<()> {
    let mut rt = Runtime::new().unwrap();
    let mut socket = rt.add(QTcpSocket::new());
    io::copy(&mut io::stdin(), &mut socket)?;
    Ok(())
}
