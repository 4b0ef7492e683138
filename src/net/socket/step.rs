//! Steps: changes of a socket's state that take effect between emissions.
//!
//! Each step has a number, and the effect that takes the step is recorded under the same number. A
//! step that was taken early, or dropped, is no longer in the queue when its effect is carried out,
//! and then the effect does nothing.

use std::collections::VecDeque;

/// A change of state that takes effect between emissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::net) enum Step {
    /// The lookup has ended: the socket begins to connect to the addresses, if there are any.
    Resolved,
    /// Tries the next address.
    TryNext,
    /// The slots of `connected` have run: reading and writing begin, or the connection is closed if
    /// `disconnect_from_host` was called while the socket was connecting.
    Begin { to_close: bool },
    /// The slots that could answer a question of a layer have run.
    Answered,
    /// The slots of `bytes_written` have run: `write_buffer_drained` is emitted, unless slots have
    /// filled the buffer since.
    Drained,
    /// The slots of `about_to_close` have run: the device is closed.
    Close,
    /// The connection is lost, or both ends are closed: the socket begins to close.
    Closing,
    /// The socket is closed.
    Closed,
    /// The addresses of a closed connection are forgotten.
    Forget,
}

/// The bit that the numbers of all steps in a queue have. The numbers without it belong to steps
/// that wait in no queue: `Newcomers::ANNOUNCED` and [`DELIVERED`].
const QUEUED: u32 = 1 << 31;

/// The number of the step that is taken once the emissions from outside the passes of the loop are
/// delivered.
pub(super) const DELIVERED: u32 = 1;

/// How many of the last steps a queue has room for.
const RECENT: usize = 4;

/// The steps that are recorded and not taken yet, in order.
///
/// Numbers count up by one, so the number of a step follows from its place among the last steps.
/// The steps before the last ones are elsewhere, because few sockets ever have any: each method
/// that needs them is given them. The queue has no alignment, so that its socket has room for other
/// small fields beside it.
#[derive(Debug, Default)]
#[repr(Rust, packed)]
pub(super) struct StepQueue {
    /// The number of the step that was recorded last.
    last: u32,
    /// The last steps, newest first. `None` in place of a step that no longer waits.
    recent: [Option<Step>; RECENT],
}

/// The steps before the last ones, with their numbers.
pub(super) type EarlierSteps = VecDeque<(u32, Step)>;

impl StepQueue {
    /// Adds a step and returns its number.
    pub(super) fn push<'a>(
        &mut self,
        step: Step,
        earlier: impl FnOnce() -> &'a mut EarlierSteps,
    ) -> u32 {
        if let Some(oldest) = self.recent[RECENT - 1] {
            let number = self.last.wrapping_sub(RECENT as u32 - 1) | QUEUED;
            earlier().push_back((number, oldest));
        }
        self.recent.copy_within(..RECENT - 1, 1);
        self.recent[0] = Some(step);
        self.last = self.last.wrapping_add(1) | QUEUED;
        self.last
    }

    /// Takes the step with this number, if that step still waits. A number that belongs to a step in no
    /// queue takes nothing.
    pub(super) fn take(&mut self, number: u32, earlier: Option<&mut EarlierSteps>) -> Option<Step> {
        if number & QUEUED == 0 {
            return None;
        }
        let age = self.last.wrapping_sub(number) & !QUEUED;
        if let Some(step) = self.recent.get_mut(age as usize) {
            return step.take();
        }
        let earlier = earlier?;
        let position = earlier.iter().position(|&(earlier, _)| earlier == number)?;
        earlier.remove(position).map(|(_, step)| step)
    }

    /// Takes the first step.
    pub(super) fn next(&mut self, earlier: Option<&mut EarlierSteps>) -> Option<Step> {
        match earlier.and_then(VecDeque::pop_front) {
            Some((_, step)) => Some(step),
            None => self.recent.iter_mut().rev().find_map(Option::take),
        }
    }

    /// Returns true if this step waits.
    pub(super) fn contains(&self, step: Step, earlier: Option<&EarlierSteps>) -> bool {
        let mut earlier = earlier.into_iter().flatten();
        self.recent.contains(&Some(step)) || earlier.any(|&(_, earlier)| earlier == step)
    }

    /// Drops this step, if it waits.
    pub(super) fn remove(&mut self, step: Step, earlier: Option<&mut EarlierSteps>) {
        for recent in self.recent.iter_mut().filter(|recent| **recent == Some(step)) {
            *recent = None;
        }
        if let Some(earlier) = earlier {
            earlier.retain(|&(_, earlier)| earlier != step);
        }
    }

    /// Drops all steps.
    pub(super) fn clear(&mut self, earlier: Option<&mut EarlierSteps>) {
        self.recent = [None; RECENT];
        if let Some(earlier) = earlier {
            *earlier = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEPS: [Step; 3] = [Step::Drained, Step::Closing, Step::Forget];

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Push(usize),
        /// Takes the step that was recorded this many steps before the last one.
        Take(u32),
        Next,
        Remove(usize),
        Clear,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..STEPS.len()).prop_map(Op::Push),
            3 => (0u32..10).prop_map(Op::Take),
            2 => Just(Op::Next),
            1 => (0..STEPS.len()).prop_map(Op::Remove),
            1 => Just(Op::Clear),
        ]
    }

    #[test]
    fn few_steps_need_no_allocation_and_little_room() {
        let mut queue = StepQueue::default();
        for _ in 0..RECENT {
            queue.push(Step::Forget, || panic!("there is room for this step"));
        }
        assert!(size_of::<StepQueue>() <= 8);
    }

    proptest! {
        #[test]
        fn each_step_is_found_by_its_number_once(
            begin in prop_oneof![Just(0), Just(u32::MAX - 3), any::<u32>()],
            ops in proptest::collection::vec(op(), 0..60),
        ) {
            let mut queue = StepQueue { last: begin, ..StepQueue::default() };
            let mut earlier = EarlierSteps::new();
            let mut waiting: Vec<(u32, Step)> = Vec::new();
            let mut numbers = Vec::new();
            for op in ops {
                match op {
                    Op::Push(step) => {
                        let number = queue.push(STEPS[step], || &mut earlier);
                        prop_assert!(number > DELIVERED && !numbers.contains(&number));
                        numbers.push(number);
                        waiting.push((number, STEPS[step]));
                    }
                    Op::Take(age) => {
                        let in_no_queue = queue.last.wrapping_sub(age) & !QUEUED;
                        prop_assert_eq!(queue.take(in_no_queue, Some(&mut earlier)), None);
                        let Some(&number) = numbers.iter().rev().nth(age as usize) else { continue };
                        let at = waiting.iter().position(|&(waiting, _)| waiting == number);
                        let taken = queue.take(number, Some(&mut earlier));
                        prop_assert_eq!(taken, at.map(|at| waiting.remove(at).1));
                    }
                    Op::Next => {
                        let first = (!waiting.is_empty()).then(|| waiting.remove(0).1);
                        prop_assert_eq!(queue.next(Some(&mut earlier)), first);
                    }
                    Op::Remove(step) => {
                        queue.remove(STEPS[step], Some(&mut earlier));
                        waiting.retain(|&(_, waiting)| waiting != STEPS[step]);
                    }
                    Op::Clear => {
                        queue.clear(Some(&mut earlier));
                        waiting.clear();
                    }
                }
                for step in STEPS {
                    let waits = waiting.iter().any(|&(_, waiting)| waiting == step);
                    prop_assert_eq!(queue.contains(step, Some(&earlier)), waits);
                }
            }
        }
    }
}
