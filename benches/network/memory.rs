//! Memory: what a connection that does nothing holds, and what one that has gone leaves behind.

use std::io;

use crate::case::Work;
use crate::process::{Guests, Server};
use crate::servers::Kind;

/// Connections that come and go at the same time.
const AT_A_TIME: usize = 16;

/// Prints what `count` connections hold: right after they came, and after a message on each.
pub(crate) fn idle(work: Work, count: u64) -> io::Result<()> {
    let name = work.name();
    println!("\nbytes for each of {count} connections, {name} (resident; allocated)");
    let number = count as i64;
    for kind in Kind::ALL {
        let mut server = Server::start(kind, work)?;
        // One comes and goes, so that what is made once is there.
        server.load(work.in_small(), 1, 1)?;
        let (resident, heap) = (server.resident()?, server.heap()?);
        let used = |server: &mut Server| -> io::Result<_> {
            Ok(((server.resident()? - resident) / number, (server.heap()? - heap) / number))
        };
        let guests = Guests::arrive(&server, work, count)?;
        let before = used(&mut server)?;
        let guests = guests.greet()?;
        let after = used(&mut server)?;
        let name = kind.name();
        println!("{name:9} {}; {}  after a message {}; {}", before.0, before.1, after.0, after.1);
        drop(guests);
    }
    Ok(())
}

/// Prints how much more a server has after `count` connections have come and gone than before.
pub(crate) fn leak(count: u64) -> io::Result<()> {
    println!("\nleft of {count} connections that came, were answered and went");
    for kind in Kind::ALL {
        let mut server = Server::start(kind, Work::Churn)?;
        let descriptors = server.descriptors()?;
        // As many at a time as later, so that what is kept for the next is there.
        server.load(Work::Churn, 10_000, AT_A_TIME)?;
        server.wait_for_descriptors(descriptors)?;
        let (resident, heap) = (server.resident()?, server.heap()?);
        server.load(Work::Churn, count, AT_A_TIME)?;
        server.wait_for_descriptors(descriptors)?;
        let (resident, heap) = (server.resident()? - resident, server.heap()? - heap);
        let name = kind.name();
        println!("{name:9} descriptors 0  resident bytes {resident}  allocated bytes {heap}");
    }
    Ok(())
}
