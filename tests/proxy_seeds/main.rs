//! Random programs of a socket that connects through a proxy, over the simulated network: each
//! attempt comes to the one outcome that its proxy makes of it, no byte is lost or wrong, and the
//! socket is usable again.

#[path = "../socket_model/play/content.rs"]
mod content;
mod dice;
mod gate;
mod play;
mod script;

use play::run;
use support::seeds::{Failure, assert_none_fails, find_in, seeds};

#[test]
fn every_seed_comes_to_what_its_proxies_make_of_it() {
    assert_none_fails(seeds(300), |seed| run(seed).err().map(Failure::from));
}

#[test]
fn the_same_seed_twice_is_the_same_in_all() {
    let differ = find_in(seeds(300).step_by(10), |seed| (run(seed) != run(seed)).then_some(()));
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
#[should_panic(expected = "2 seeds fail\nseed 2: it panics\nseed 3: it is wrong")]
fn a_seed_that_fails_is_named() {
    assert_none_fails(0..5, |seed| match seed {
        2 => panic!("on purpose"),
        3 => Some(Failure::from("what happened\nit is wrong".to_owned())),
        _ => None,
    });
}
