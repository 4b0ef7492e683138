//! Programs: what turns and tasks do, pass by pass.

use proptest::prelude::*;

/// How many objects there are. Each hears the one before it, in a ring.
pub(crate) const OBJECTS: usize = 3;

/// How many tasks there are.
pub(crate) const TASKS: usize = 4;

/// What a turn or a task does at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    /// An object emits a number.
    Emit(usize, u32),
    Destroy(usize),
    /// A task is aborted.
    Abort(usize),
}

/// A step of a task.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Do(Deed),
    /// Awaits the next number of an object.
    Next(usize),
    /// Makes the future of the next number, does something, and then awaits the future.
    NextAround(usize, Deed),
    /// Sleeps for this many milliseconds.
    Sleep(u64),
    Yield,
}

/// A task: the object that owns it, if one does, and its steps.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) owner: Option<usize>,
    pub(crate) steps: Vec<Step>,
}

/// What happens before a pass: calls are posted, each a turn with its deeds, and time passes.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) turns: Vec<Vec<Deed>>,
    pub(crate) millis: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) tasks: Vec<Script>,
    pub(crate) passes: Vec<Pass>,
}

pub(crate) fn program() -> impl Strategy<Value = Program> {
    let tasks = prop::collection::vec(script(), TASKS);
    let passes = prop::collection::vec(pass(), 1..8);
    (tasks, passes).prop_map(|(tasks, passes)| Program { tasks, passes })
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => (0..OBJECTS, 0..8_u32).prop_map(|(object, number)| Deed::Emit(object, number)),
        1 => (0..OBJECTS).prop_map(Deed::Destroy),
        1 => (0..TASKS).prop_map(Deed::Abort),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => deed().prop_map(Step::Do),
        5 => (0..OBJECTS).prop_map(Step::Next),
        2 => (0..OBJECTS, deed()).prop_map(|(object, deed)| Step::NextAround(object, deed)),
        2 => (0..4_u64).prop_map(Step::Sleep),
        2 => Just(Step::Yield),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    (prop::option::of(0..OBJECTS), prop::collection::vec(step(), 0..8))
        .prop_map(|(owner, steps)| Script { owner, steps })
}

fn pass() -> impl Strategy<Value = Pass> {
    let turns = prop::collection::vec(prop::collection::vec(deed(), 0..3), 0..4);
    (turns, 0..4_u64).prop_map(|(turns, millis)| Pass { turns, millis })
}
