//! Random programs of socket operations, over the simulated network, do what the model says.
//!
//! `play/` has it all: a program, the stage on which it is carried out, and the model beside it.

mod play;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};

use play::performance::{Failure, run};
use play::program::{Op, Program};
use proptest::prelude::*;

fn programs() -> impl Strategy<Value = Program> {
    let op = any::<[u8; 4]>().prop_map(Op::from_bytes);
    (any::<u16>(), any::<u8>(), proptest::collection::vec(op, 1..60))
        .prop_map(|(seed, scene, ops)| Program::new(seed.into(), scene, ops))
}

/// A few seconds' worth of cases, unless `PROPTEST_CASES` says how many. Seeds are not kept: what
/// is found becomes a test with a name.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = std::env::var_os("PROPTEST_CASES").map_or(64, |_| config.cases);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4_000, ..config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_program_runs_as_the_model_says(program in programs()) {
        if let Err(failure) = run(&program) {
            return Err(TestCaseError::fail(failure.to_string()));
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_bytes_mean_runs_as_the_model_says(
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        if let Err(failure) = run(&Program::from_bytes(&bytes)) {
            return Err(TestCaseError::fail(failure.to_string()));
        }
    }
}

/// The seeds to go through: as many as `SLOTWIRE_SEEDS` says, from `SLOTWIRE_FIRST_SEED` on.
fn seeds(usually: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("SLOTWIRE_FIRST_SEED").unwrap_or(0);
    first..first + number("SLOTWIRE_SEEDS").unwrap_or(usually)
}

#[test]
fn every_seed_runs_as_the_model_says() {
    let mut failures = Vec::new();
    for seed in seeds(300) {
        let program = Program::from_seed(seed);
        let what = match catch_unwind(AssertUnwindSafe(|| run(&program))) {
            Ok(Ok(_)) => continue,
            Ok(Err(Failure { what, trace })) => {
                // One story is enough.
                if failures.is_empty() {
                    eprintln!("{program:?}{}", trace.0);
                }
                what
            }
            Err(_) => "it panics".to_owned(),
        };
        failures.push(format!("seed {seed}: {what}"));
    }
    assert!(failures.is_empty(), "{} seeds fail\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_same_program_twice_is_the_same_in_all() {
    for seed in seeds(1_000).step_by(10) {
        let program = Program::from_seed(seed);
        let [once, again] = [(); 2].map(|()| run(&program));
        match (once, again) {
            (Ok(once), Ok(again)) => assert!(once == again, "seed {seed} differs"),
            (Err(failure), _) | (_, Err(failure)) => panic!("seed {seed}: {failure}"),
        }
    }
}
