//! The kernel's network and the simulated one side by side: random programs do the same on both,
//! and the kernel is right.

mod connection;
mod datagrams;
mod server;
mod waits;

use std::fmt::Debug;
use std::io;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use slotwire::prelude::*;
use slotwire::{NetworkLayerProtocol, OpenMode, SocketOption};
use support::*;

/// How long the kernel may take until it has done what the simulation did.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a program is played on: sockets and their peers, on one network.
trait Stage {
    type Step: Debug;

    fn new(net: Net) -> Self;

    fn runtime(&mut self) -> &mut Runtime;

    /// What the sockets say.
    fn journal(&self) -> &Journal;

    /// How the sockets look when all is said.
    fn looks(&self) -> String;

    /// Does a step, and says what the call returned.
    fn act(&mut self, step: &Self::Step) -> String;
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    returned: String,
    said: Vec<String>,
    looks: String,
}

/// Does a step and all that follows from it. If it is known what that will be, it is waited for.
fn play<S: Stage>(stage: &mut S, step: &S::Step, expected: Option<&Outcome>) -> Outcome {
    let begin = Instant::now();
    let mut returned = stage.act(step);
    settle(stage.runtime());
    while let Some(expected) = expected
        && begin.elapsed() < PATIENCE
    {
        let came_late = returned == "Err(WouldBlock)" && returned != expected.returned;
        if !came_late && stage.journal().len() >= expected.said.len() {
            break;
        }
        if came_late {
            returned = stage.act(step);
        }
        stage.runtime().process_events(Some(Duration::from_millis(1))).unwrap();
    }
    settle(stage.runtime());
    Outcome { returned, said: stage.journal().take(), looks: stage.looks() }
}

/// Plays a program on both networks, step by step.
fn compare<S: Stage>(steps: &[S::Step]) -> Result<(), TestCaseError> {
    let (mut simulated, mut native) = (S::new(Net::simulated()), S::new(Net::native()));
    for (place, step) in steps.iter().enumerate() {
        let expected = play(&mut simulated, step, None);
        let came = play(&mut native, step, Some(&expected));
        prop_assert_eq!(expected, came, "simulated, native: step {}, {:?}", place, step);
    }
    Ok(())
}

fn shown<T: Debug>(result: io::Result<T>) -> String {
    format!("{:?}", result.map_err(|error| error.kind()))
}
