//! Random programs of object operations do what a naive model of the promises does.
//!
//! `program.rs` has the programs, `model.rs` the promised rules written down plainly, and
//! `real.rs` runs the programs with a runtime. Budgets are out of scope: slot bodies share a
//! supply of fuel that ends every program long before a turn would.

mod model;
#[path = "../people/mod.rs"]
mod people;
mod program;
mod real;

use proptest::prelude::*;
use slotwire::Trace;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_program_runs_as_the_model_says(program in program::program()) {
        prop_assert_eq!(real::run(&program, None), model::run(&program));
    }

    #[test]
    fn every_program_that_is_traced_runs_as_the_model_says(program in program::program()) {
        let traces = [Trace::new(), Trace::new()];
        for trace in &traces {
            prop_assert_eq!(real::run(&program, Some(trace)), model::run(&program));
        }
        prop_assert_eq!(traces[0].to_string(), traces[1].to_string());
    }
}

/// A few seconds' worth of cases, unless `PROPTEST_CASES` says how many. Seeds are not kept: what
/// is found becomes a test with a name.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = std::env::var_os("PROPTEST_CASES").map_or(2_500, |_| config.cases);
    ProptestConfig { cases, failure_persistence: None, ..config }
}
