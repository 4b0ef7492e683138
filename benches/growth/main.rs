//! Works whose instructions are counted beside little and beside much: run by `benches/growth.sh`
//! under callgrind.
//!
//! `growth WORK SIZE COUNT` prepares SIZE of what the work could depend on, and does WORK COUNT times.
//! The script runs each work with two counts and takes the difference, so the preparation does not
//! count, and does so for two sizes: see [`Work`]. What a work does beside its call, to leave as much
//! as it has found, does not depend on the size.
//!
//! `growth list` prints the works with their sizes and counts, one to a line.

use work::Work;

#[path = "../classes/mod.rs"]
mod classes;
mod connections;
mod disconnections;
mod emissions;
mod network;
mod objects;
mod reading;
mod timers;
mod work;

/// All works, in the order of the table in `benches/README.md`.
fn works() -> impl Iterator<Item = Work> {
    [
        reading::works(),
        connections::works(),
        disconnections::works(),
        emissions::works(),
        objects::works(),
        timers::works(),
        network::works(),
    ]
    .into_iter()
    .flatten()
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let name = arguments.next().unwrap_or_default();
    let mut number = || arguments.next().and_then(|number| number.parse().ok());
    let work = works().find(|work| work.name == name);
    match (work, number(), number()) {
        (Some(work), Some(size), Some(count)) => (work.run)(size, count),
        _ if name == "list" => works().for_each(|work| println!("{work}")),
        // `cargo bench` runs every bench without arguments.
        _ => eprintln!("usage: growth WORK SIZE COUNT; see benches/growth.sh"),
    }
}
