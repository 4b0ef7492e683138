//! Random programs of a socket that encrypts its connections, over the simulated network: each
//! attempt comes to the one outcome that the certificates and protocols of both ends make of it, no
//! byte is lost or wrong, and both ends are usable again.

#[path = "../socket_model/play/content.rs"]
mod content;
#[path = "../proxy_seeds/dice.rs"]
mod dice;
mod play;
mod script;

use play::run;
use support::seeds::{Failure, assert_none_fails, find_in, seeds};

#[test]
fn every_seed_comes_to_what_both_ends_make_of_it() {
    assert_none_fails(seeds(100), |seed| run(seed).err().map(Failure::from));
}

#[test]
fn the_same_seed_twice_is_the_same_in_all() {
    let differ = find_in(seeds(100).step_by(10), |seed| (run(seed) != run(seed)).then_some(()));
    assert!(differ.is_empty(), "{differ:?}");
}
