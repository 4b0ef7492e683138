//! One seed is one run, with tasks too.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use slotwire::Trace;
use slotwire::prelude::*;
use slotwire::sim::{Link, Simulation};
use slotwire::task::DeviceIo;

const SECOND: Duration = Duration::from_secs(1);

/// Sends each line back after a pause.
async fn serve(task: slotwire::TaskContext, mut peer: DeviceIo<QTcpSocket>) -> std::io::Result<()> {
    while let Some(line) = peer.next_line().await? {
        task.sleep(Duration::from_millis(7)).await;
        peer.write_all(format!("{line}\n").as_bytes()).await?;
    }
    peer.close().await
}

/// Runs three clients and a server on a network with this seed. Returns the trace, and what the
/// clients have noted, with the times.
fn run(seed: u64) -> (String, Vec<String>) {
    let mut sim = Simulation::new(seed);
    let link = Link::new().with_latency(Duration::from_millis(3)).with_splitting(0.3);
    sim.set_default_link(link.with_jitter(Duration::from_millis(9)).with_loss(0.05));
    let trace = Trace::new();
    sim.record_into(&trace);
    let notes = Rc::new(RefCell::new(Vec::new()));
    let (east, west) = (sim.add_host("east").unwrap(), sim.add_host("west").unwrap());
    let server = sim[east].add(QTcpServer::new());
    sim[east][server].listen_on(BindAddress::Any, 7000).unwrap();
    sim[east].spawn(async move |task| {
        loop {
            let news = task.next(server, QTcpServer::new_connection);
            while let Some(peer) = task.with(|world| world[server].next_pending_connection()) {
                task.with(|world| {
                    world.spawn_on(peer, move |task| {
                        let peer = task.socket(peer);
                        serve(task, peer)
                    })
                });
            }
            if news.await.is_err() {
                break;
            }
        }
    });
    for client in 0..3 {
        let socket = sim[west].add(QTcpSocket::new());
        let notes = notes.clone();
        let began = sim[west].now();
        sim[west].spawn(async move |task| {
            let note = |what: String| {
                notes.borrow_mut().push(format!("{client} {what} {:?}", task.now() - began));
            };
            task.connect_to_host(socket, "east", 7000).await?;
            note("is connected".to_owned());
            let mut io = task.socket(socket);
            for number in 0..5 {
                io.write_all(format!("{number}\n").as_bytes()).await?;
                let answer = task.timeout(SECOND * 20, io.next_line()).await??;
                note(format!("{answer:?}"));
                task.sleep(Duration::from_millis(100 * client + 1)).await;
            }
            io.close().await?;
            note("is done".to_owned());
            Ok::<_, std::io::Error>(())
        });
    }
    sim.run_for(SECOND * 60).unwrap();
    (trace.to_string(), notes.take())
}

#[test]
fn one_seed_is_one_run_with_tasks_too() {
    let mut runs = Vec::new();
    for seed in 0..10 {
        let (trace, notes) = run(seed);
        assert_eq!(notes.iter().filter(|note| note.contains("is done")).count(), 3);
        runs.push((trace, notes));
        assert_eq!(runs.last(), Some(&run(seed)));
    }
    runs.sort();
    runs.dedup();
    assert!(runs.len() > 1, "other seeds give other runs");
}
