//! Random programs of a socket that connects through a proxy, over the simulated network: each
//! attempt comes to the one outcome that its proxy makes of it, no byte is lost or wrong, and the
//! socket is usable again.

#[path = "../socket_model/play/content.rs"]
mod content;
mod dice;
mod gate;
mod play;
mod script;

use std::panic::{AssertUnwindSafe, catch_unwind};

use play::run;

/// The seeds to go through: as many as `SLOTWIRE_SEEDS` says, from `SLOTWIRE_FIRST_SEED` on.
fn seeds(usually: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("SLOTWIRE_FIRST_SEED").unwrap_or(0);
    first..first + number("SLOTWIRE_SEEDS").unwrap_or(usually)
}

#[test]
fn every_seed_comes_to_what_its_proxies_make_of_it() {
    let mut failures = Vec::new();
    for seed in seeds(300) {
        let what = match catch_unwind(AssertUnwindSafe(|| run(seed))) {
            Ok(Ok(_)) => continue,
            Ok(Err(story)) => {
                // One story is enough.
                if failures.is_empty() {
                    eprintln!("{story}");
                }
                story.lines().last().unwrap_or_default().to_owned()
            }
            Err(_) => "it panics".to_owned(),
        };
        failures.push(format!("seed {seed}: {what}"));
    }
    assert!(failures.is_empty(), "{} seeds fail\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_same_seed_twice_is_the_same_in_all() {
    for seed in seeds(300).step_by(10) {
        assert!(run(seed) == run(seed), "seed {seed} differs");
    }
}
