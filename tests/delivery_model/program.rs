//! Programs of object operations, at random.

use proptest::collection::vec;
use proptest::prelude::*;

/// How many objects a program begins with, and how many it may come to have.
pub(crate) const FIRST_OBJECTS: usize = 3;
pub(crate) const MOST_OBJECTS: usize = 10;
/// How many operations all slot bodies of a run may do together.
pub(crate) const FUEL: u32 = 40;

/// What is done outside, and the bodies of slots and closures.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) outside: Vec<Op>,
    pub(crate) scripts: Vec<Vec<Op>>,
}

impl Program {
    /// The script with a number, of which any will do.
    pub(crate) fn script(&self, number: usize) -> &[Op] {
        &self.scripts[number % self.scripts.len()]
    }

    /// The script of an object's slot.
    pub(crate) fn slot_script(&self, object: usize, slot: usize) -> usize {
        object * 3 + slot
    }
}

/// An object in an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    /// The one whose body it is.
    This,
    /// One by number, of which any will do.
    Number(usize),
}

/// Where a connection leads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Slot(Who, usize),
    Closure {
        script: usize,
    },
    ClosureOn(Who, usize),
    /// Only to a signal that comes after the sender's, so that signals make no circles.
    Signal(Who, usize),
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kind {
    pub(crate) queued: bool,
    pub(crate) unique: bool,
    pub(crate) single_shot: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Create {
        parent: Option<Who>,
    },
    /// A child that connects to its parent, and the parent to itself, in its constructor.
    CreateWired {
        parent: Who,
    },
    Reparent {
        object: Who,
        parent: Option<Who>,
    },
    Connect {
        sender: Who,
        signal: usize,
        to: To,
        kind: Kind,
    },
    /// Connects by the signal itself, which the running object has.
    ConnectOwn {
        signal: usize,
        receiver: Who,
        slot: usize,
        kind: Kind,
    },
    ConnectDestroyed {
        object: Who,
        receiver: Who,
    },
    Emit {
        object: Who,
        signal: usize,
        argument: u32,
    },
    /// Emits by indexing, so that outside nothing is delivered yet.
    Record {
        object: Who,
        signal: usize,
        argument: u32,
    },
    Disconnect {
        connection: usize,
    },
    DisconnectSlot {
        sender: Who,
        signal: usize,
        receiver: Who,
        slot: usize,
    },
    DisconnectSignalFrom {
        sender: Who,
        signal: usize,
        receiver: Who,
    },
    DisconnectSignal {
        sender: Who,
        signal: usize,
    },
    DisconnectReceiver {
        sender: Who,
        receiver: Who,
    },
    DisconnectAll {
        sender: Who,
    },
    Destroy {
        object: Who,
    },
    DeleteLater {
        object: Who,
    },
    Block {
        object: Who,
        block: bool,
    },
    Later {
        object: Who,
        script: usize,
    },
    With {
        object: Who,
        script: usize,
    },
    Post {
        script: usize,
    },
    Panic,
    /// Outside only, as is the next.
    Deliver,
    RunPosted,
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![2 => Just(Who::This), 5 => (0..MOST_OBJECTS).prop_map(Who::Number)]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => Just(Kind::default()),
        2 => any::<[bool; 3]>()
            .prop_map(|[queued, unique, single_shot]| Kind { queued, unique, single_shot }),
    ]
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        4 => (who(), 0..2_usize).prop_map(|(who, slot)| To::Slot(who, slot)),
        1 => (0..8_usize).prop_map(|script| To::Closure { script }),
        1 => (who(), 0..8_usize).prop_map(|(who, script)| To::ClosureOn(who, script)),
        2 => (who(), 0..2_usize).prop_map(|(who, signal)| To::Signal(who, signal)),
    ]
}

/// An operation. One that has to do with families and their end is `families` times as likely.
fn op(families: u32) -> impl Strategy<Value = Op> {
    let (signal, script) = (|| 0..2_usize, || 0..8_usize);
    let connecting = prop_oneof![
        6 => (who(), signal(), to(), kind())
            .prop_map(|(sender, signal, to, kind)| Op::Connect { sender, signal, to, kind }),
        1 => (signal(), who(), signal(), kind()).prop_map(|(signal, receiver, slot, kind)| {
            Op::ConnectOwn { signal, receiver, slot, kind }
        }),
        families => (who(), who())
            .prop_map(|(object, receiver)| Op::ConnectDestroyed { object, receiver }),
    ];
    let emitting = prop_oneof![
        2 => (who(), signal(), 0..100_u32)
            .prop_map(|(object, signal, argument)| Op::Emit { object, signal, argument }),
        1 => (who(), signal(), 0..100_u32)
            .prop_map(|(object, signal, argument)| Op::Record { object, signal, argument }),
    ];
    let disconnecting = prop_oneof![
        3 => (0..20_usize).prop_map(|connection| Op::Disconnect { connection }),
        1 => (who(), signal(), who(), signal()).prop_map(|(sender, signal, receiver, slot)| {
            Op::DisconnectSlot { sender, signal, receiver, slot }
        }),
        1 => (who(), signal(), who()).prop_map(|(sender, signal, receiver)| {
            Op::DisconnectSignalFrom { sender, signal, receiver }
        }),
        1 => (who(), signal())
            .prop_map(|(sender, signal)| Op::DisconnectSignal { sender, signal }),
        1 => (who(), who())
            .prop_map(|(sender, receiver)| Op::DisconnectReceiver { sender, receiver }),
        1 => who().prop_map(|sender| Op::DisconnectAll { sender }),
    ];
    let others = prop_oneof![
        2 => Just(Op::Create { parent: None }),
        families => who().prop_map(|parent| Op::Create { parent: Some(parent) }),
        1 => who().prop_map(|parent| Op::CreateWired { parent }),
        families => (who(), proptest::option::of(who()))
            .prop_map(|(object, parent)| Op::Reparent { object, parent }),
        1 + families => who().prop_map(|object| Op::Destroy { object }),
        1 => who().prop_map(|object| Op::DeleteLater { object }),
        2 => (who(), any::<bool>()).prop_map(|(object, block)| Op::Block { object, block }),
        2 => (who(), script()).prop_map(|(object, script)| Op::Later { object, script }),
        1 => (who(), script()).prop_map(|(object, script)| Op::With { object, script }),
        1 => script().prop_map(|script| Op::Post { script }),
        1 => Just(Op::Panic),
        1 => Just(Op::Deliver),
        2 => Just(Op::RunPosted),
    ];
    prop_oneof![5 => connecting, 4 => emitting, 2 => disconnecting, 4 => others]
}

fn program_with(families: u32) -> impl Strategy<Value = Program> {
    (vec(op(families), 1..24), vec(vec(op(families), 0..4), 1..8))
        .prop_map(|(outside, scripts)| Program { outside, scripts })
}

pub(crate) fn program() -> impl Strategy<Value = Program> {
    prop_oneof![program_with(1), program_with(8)]
}

/// What can be seen of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A slot ran: slot 2 is the one for the end of objects, a closure has none.
    Ran { object: Option<usize>, slot: Option<usize>, argument: u32, sender: Option<usize> },
    /// An operation answered.
    Answered(bool),
}

/// What there is after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Event>,
    /// For each object: nothing if it is gone, or the receivers of its two signals.
    pub(crate) objects: Vec<Option<[usize; 2]>>,
    pub(crate) children: Vec<Vec<usize>>,
}
