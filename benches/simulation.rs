//! How fast simulated time passes: an hour of 100 sockets that chatter.
//!
//! `cargo bench --features sim --bench simulation`

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use slotwire::prelude::*;
use slotwire::sim::Simulation;

const PAIRS: usize = 50;
const HOUR: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sim = Simulation::new(1);
    let (near, far) = (sim.add_host("near")?, sim.add_host("far")?);
    let server = sim[far].add(QTcpServer::new());
    sim[far][server].listen_on(BindAddress::Any, 7)?;
    sim[far][server].set_max_pending_connections(PAIRS);
    sim[far].connect_fn(server, QTcpServer::new_connection, move |world, _| {
        while let Some(socket) = world[server].next_pending_connection() {
            world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
                let heard = world[socket].read_all();
                world[socket].write_all(&heard)
            });
        }
    });
    let answers = Rc::new(Cell::new(0_u64));
    for number in 0..PAIRS {
        let socket = sim[near].add(QTcpSocket::new());
        sim[near][socket].connect_to_host("far", 7);
        let count = answers.clone();
        sim[near].connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            count.set(count.get() + 1);
            world[socket].read_all();
        });
        // Each at its own moments, as people do.
        let timer = sim[near].add(QTimer::new());
        sim[near][timer].start_with(Duration::from_millis(900 + 4 * number as u64));
        sim[near].connect_fn(timer, QTimer::timeout, move |world, _| {
            world[socket].write_all(b"a line of about thirty bytes\n")
        });
    }
    let began = Instant::now();
    sim.run_for(HOUR)?;
    let took = began.elapsed();
    println!("an hour of {} chattering sockets: {took:?}", 2 * PAIRS);
    println!("{} messages and as many answers", answers.get());
    println!("{:.0} times as fast as time passes", HOUR.as_secs_f64() / took.as_secs_f64());
    Ok(())
}
