//! Carrying out a program: the way in for everybody who has one.

use std::fmt;

use super::program::Program;
use super::stage::Stage;

/// All that was done and heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace(pub(crate) String);

/// What went against the model, and what happened until then.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) trace: Trace,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.what, self.trace.0)
    }
}

/// Carries out a program, with the model beside it.
pub(crate) fn run(program: &Program) -> Result<Trace, Failure> {
    let mut stage = Stage::new(program.seed);
    for &op in &program.ops {
        stage.perform(op);
        if stage.app.notebook.fault().is_some() {
            break;
        }
    }
    if stage.app.notebook.fault().is_none() {
        stage.end();
    }
    let trace = Trace(stage.app.notebook.trace());
    match stage.app.notebook.fault() {
        None => Ok(trace),
        Some(what) => Err(Failure { what, trace }),
    }
}
