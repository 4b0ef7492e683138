//! Random programs of slots and tasks do what a naive model of the promised order does.
//!
//! `program.rs` has the programs, `model.rs` the promised rules written down plainly, and `real.rs`
//! runs the programs with a runtime on a virtual clock. Allowances are out of scope: no program is
//! long enough to use one up.

mod model;
mod program;
mod real;

use proptest::prelude::*;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn slots_and_tasks_run_in_the_order_of_the_model(program in program::program()) {
        prop_assert_eq!(real::run(&program), model::run(&program));
    }
}

/// A few seconds' worth of cases, unless `PROPTEST_CASES` says how many. Seeds are not kept: what
/// is found becomes a test with a name.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = std::env::var_os("PROPTEST_CASES").map_or(2_500, |_| config.cases);
    ProptestConfig { cases, failure_persistence: None, ..config }
}
