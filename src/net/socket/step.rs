//! Steps: changes of state that take effect between emissions.
//!
//! Each step has a number, under which it is also recorded among the world's effects. One that was
//! taken early, or dropped, is not found when its effect is carried out, and nothing happens then.

use std::collections::VecDeque;

use super::core::SocketCore;
use super::endpoint::Endpoint;
use crate::net::values::SocketState;

/// A change of state that takes effect between emissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The addresses are known, if there are any.
    Resolved,
    /// Tries the next address.
    TryNext,
    /// The slots of `connected` have run: reading and writing begin, or the connection is closed, if
    /// that was asked for before it was established.
    Begin { to_close: bool },
    /// The slots that could answer a question of a layer have run.
    Answered,
    /// Who wants to know it was told that bytes have gone out: whoever could not write is told that
    /// there is room, if slots have not filled it since.
    Drained,
    /// Who wants to know it was told that the device is about to be closed.
    Close,
    /// The peer has closed: the socket begins to close.
    Closing,
    /// The socket is closed.
    Closed,
    /// The addresses of a closed connection are forgotten.
    Forget,
}

/// The number of the first of those steps. Before it are those that have a number for good:
/// `Newcomers::ANNOUNCED` and `SocketCore::DELIVERED`.
const FIRST: u32 = 2;

/// The steps that are recorded and not taken yet, in order.
#[derive(Debug, Default)]
pub(super) struct StepQueue {
    /// Mostly there are none.
    steps: Option<Box<Steps>>,
}

#[derive(Debug, Default)]
struct Steps {
    waiting: VecDeque<(u32, Step)>,
    recorded: u32,
}

impl StepQueue {
    /// Adds a step and gives its number.
    fn push(&mut self, step: Step) -> u32 {
        let Steps { waiting, recorded } = &mut **self.steps.get_or_insert_default();
        *recorded = recorded.wrapping_add(1).max(FIRST);
        waiting.push_back((*recorded, step));
        *recorded
    }

    /// Takes the step with this number, if it still waits.
    fn take(&mut self, number: u32) -> Option<Step> {
        let waiting = &mut self.steps.as_mut()?.waiting;
        let position = waiting.iter().position(|&(waiting, _)| waiting == number)?;
        waiting.remove(position).map(|(_, step)| step)
    }

    /// Takes the first step.
    fn next(&mut self) -> Option<Step> {
        self.steps.as_mut()?.waiting.pop_front().map(|(_, step)| step)
    }

    pub(super) fn contains(&self, step: Step) -> bool {
        let steps = self.steps.iter().flat_map(|steps| &steps.waiting);
        steps.into_iter().any(|&(_, waiting)| waiting == step)
    }

    /// Drops this step, if it waits.
    pub(super) fn remove(&mut self, step: Step) {
        if let Some(steps) = &mut self.steps {
            steps.waiting.retain(|&(_, waiting)| waiting != step);
        }
    }

    /// Drops all steps.
    pub(super) fn clear(&mut self) {
        if let Some(steps) = &mut self.steps {
            steps.waiting.clear();
        }
    }
}

impl SocketCore {
    /// The step at which what was emitted outside the passes of the loop is delivered.
    pub(super) const DELIVERED: u32 = 1;

    /// Takes the step with this number, if it still waits.
    pub(super) fn take_step(&mut self, number: u32) {
        if let Some(step) = self.steps.take(number) {
            self.take(step);
        }
    }

    /// Takes all recorded steps now, because something new begins.
    pub(super) fn settle(&mut self) {
        while let Some(step) = self.steps.next() {
            self.take(step);
        }
    }

    pub(super) fn record(&mut self, step: Step) {
        if let Some(home) = &self.home {
            home.step(self.steps.push(step));
        }
    }

    pub(super) fn take(&mut self, step: Step) {
        match step {
            Step::Resolved => self.begin_to_connect(),
            Step::TryNext => self.try_next(),
            Step::Begin { to_close: true } => self.disconnect_from_host(),
            Step::Begin { to_close: false } => self.postpone_traffic(),
            Step::Answered => self.on_question_answered(),
            Step::Drained => self.tell_of_room(),
            Step::Close => {
                self.device.shut();
                self.close();
            }
            Step::Closing => {
                self.change_state(SocketState::Closing);
                self.record(Step::Closed);
            }
            // Slots may have written since.
            Step::Closed if self.has_engine() && self.has_to_send() => {
                self.postpone_traffic();
            }
            Step::Closed => {
                self.drop_input();
                self.end(true);
            }
            Step::Forget => {
                self.peer = Endpoint::default();
                self.set_local(Endpoint::default());
            }
        }
    }
}
