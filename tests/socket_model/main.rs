//! Random programs of socket operations, over the simulated network, do what the model says.
//!
//! `play/` has it all: a program, the stage on which it is carried out, and the model beside it.

mod play;
mod table;

use play::performance::{Failure, run};
use play::program::{Op, Program};
use proptest::prelude::*;
use support::seeds::{assert_none_fails, find_in, seeds};

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

#[test]
fn every_seed_runs_as_the_model_says() {
    assert_none_fails(seeds(300), |seed| {
        let program = Program::from_seed(seed);
        let Failure { what, trace } = run(&program).err()?;
        Some(support::seeds::Failure { what, story: format!("{program:?}{}", trace.0) })
    });
}

#[test]
fn the_same_program_twice_is_the_same_in_all() {
    let differ = find_in(seeds(1_000).step_by(10), |seed| {
        let program = Program::from_seed(seed);
        let [once, again] = [(); 2].map(|()| run(&program));
        match (once, again) {
            (Ok(once), Ok(again)) => (once != again).then(|| "differs".to_owned()),
            (Err(failure), _) | (_, Err(failure)) => Some(failure.to_string()),
        }
    });
    assert!(differ.is_empty(), "{differ:?}");
}
