//! What calls do with a handle whose object is gone, is busy, or is in another runtime: the table
//! of the book's page on objects, row by row.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Lamp {
    #[signal]
    lit: Signal<()>,
    #[property]
    watts: Property<u32>,
    touched: u32,
}

#[slots]
impl Lamp {
    #[slot]
    fn touch(&mut self) {
        self.touched += 1;
    }
}

/// What a call does, in the words of the table.
type Outcome = &'static str;

const WORKS: Outcome = "works";
const PANICS: Outcome = "panics";
const NONE: Outcome = "`None`";
const FALSE: Outcome = "`false`";
const EMPTY: Outcome = "empty";
const TOLD: Outcome = "nothing, and tells `on_undelivered`";

fn some<T>(answer: Option<T>) -> Outcome {
    if answer.is_some() { WORKS } else { NONE }
}

fn truth(answer: bool) -> Outcome {
    if answer { WORKS } else { FALSE }
}

fn filled(answer: bool) -> Outcome {
    if answer { WORKS } else { EMPTY }
}

fn done<T>(_: T) -> Outcome {
    WORKS
}

type Call = fn(&mut World, Obj<Lamp>) -> Outcome;

/// The calls of the table, by their names there.
#[expect(clippy::unit_arg, reason = "the calls stand below each other")]
fn calls() -> BTreeMap<&'static str, Call> {
    const SOON: Duration = Duration::ZERO;
    let calls: [(&str, Call); 33] = [
        ("rt[obj]", |world, lamp| done(world[lamp].touched)),
        ("emit", |world, lamp| done(world.emit(lamp, Lamp::lit, ()))),
        ("set_property", |world, lamp| done(world.set_property(lamp, "watts", 5_u32))),
        ("get", |world, lamp| some(world.get(lamp))),
        ("get_mut", |world, lamp| some(world.get_mut(lamp))),
        ("pair", |world, lamp| {
            let other = world.add(Lamp::default());
            some(world.pair(lamp, other))
        }),
        ("with", |world, lamp| some(world.with(lamp, |lamp, _| lamp.touched))),
        ("property", |world, lamp| some(world.property::<u32>(lamp, "watts"))),
        ("contains", |world, lamp| truth(world.contains(lamp))),
        ("parent", |world, lamp| some(world.parent(lamp))),
        ("downcast", |world, lamp| some(world.downcast::<Lamp>(lamp))),
        ("find_child", |world, lamp| some(world.find_child::<Lamp>(lamp, None))),
        ("children", |world, lamp| filled(world.children(lamp).next().is_some())),
        ("find_children", |world, lamp| {
            filled(!world.find_children::<Lamp>(lamp, None).is_empty())
        }),
        ("object_name", |world, lamp| filled(!world.object_name(lamp).is_empty())),
        ("destroy", |world, lamp| truth(world.destroy(lamp))),
        ("delete_later", |world, lamp| truth(world.delete_later(lamp))),
        ("disconnect_all", |world, lamp| truth(world.disconnect_all(lamp))),
        ("disconnect_receiver", |world, lamp| truth(world.disconnect_receiver(lamp, lamp))),
        ("disconnect", |world, lamp| truth(world.disconnect(lamp, Lamp::lit, lamp, Lamp::touch))),
        ("disconnect_signal", |world, lamp| truth(world.disconnect_signal(lamp, Lamp::lit))),
        ("set_parent", |world, lamp| done(world.set_parent(lamp, None::<Obj<Lamp>>))),
        ("set_object_name", |world, lamp| done(world.set_object_name(lamp, "attic"))),
        ("block_signals", |world, lamp| done(world.block_signals(lamp, false))),
        ("add_child_of", |world, lamp| done(world.add_child_of(lamp, Lamp::default()))),
        ("connect", |world, lamp| {
            let sender = world.add(Lamp::default());
            done(world.connect(sender, Lamp::lit, lamp, Lamp::touch))
        }),
        ("connect_fn", |world, lamp| done(world.connect_fn(lamp, Lamp::lit, |_, ()| ()))),
        ("connect_signal", |world, lamp| {
            let sender = world.add(Lamp::default());
            done(world.connect_signal(sender, Lamp::lit, lamp, Lamp::lit))
        }),
        ("spy", |world, lamp| done(world.spy(lamp, Lamp::lit))),
        ("single_shot", |world, lamp| done(world.single_shot(SOON, lamp, Lamp::touch))),
        ("later", |world, lamp| done(world.later(lamp, |lamp, _| lamp.touch()))),
        ("invoke", |world, lamp| done(world.invoke(lamp, Lamp::touch, ()))),
        ("Remote::invoke", |world, lamp| {
            world.remote().invoke(lamp, Lamp::touch, ()).expect("the runtime is there");
            WORKS
        }),
    ];
    BTreeMap::from(calls)
}

/// The calls whose work comes after the running method, when the object is free again.
const FOR_LATER: [&str; 4] = ["later", "invoke", "single_shot", "Remote::invoke"];

/// A runtime with a lamp that has whatever the calls ask for, and the texts of what it does not
/// deliver.
struct Room {
    rt: Runtime,
    lamp: Obj<Lamp>,
    undelivered: Rc<RefCell<Vec<String>>>,
}

impl Room {
    fn new() -> Self {
        let mut rt = Runtime::new().expect("the system has descriptors");
        let undelivered = Rc::<RefCell<Vec<_>>>::default();
        let texts = undelivered.clone();
        rt.on_undelivered(move |_, undelivered| texts.borrow_mut().push(undelivered.to_string()));
        let shelf = rt.add(Lamp::default());
        let lamp = rt.add_child_of(shelf, Lamp::default());
        rt.add_child_of(lamp, Lamp::default());
        rt.set_object_name(lamp, "desk");
        rt.connect(lamp, Lamp::lit, lamp, Lamp::touch);
        Self { rt, lamp, undelivered }
    }

    /// Makes a call and all that follows from it. Returns what it did.
    fn outcome(&mut self, call: impl FnOnce(&mut Runtime) -> Outcome) -> Outcome {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let outcome = call(&mut self.rt);
            self.rt.deliver();
            self.rt.process_events(Some(Duration::ZERO)).expect("the poller works");
            outcome
        }));
        match outcome {
            Ok(_) if !self.undelivered.borrow().is_empty() => TOLD,
            Ok(outcome) => outcome,
            Err(_) => PANICS,
        }
    }
}

fn stale(call: Call) -> Outcome {
    let mut room = Room::new();
    let lamp = room.lamp;
    room.rt.destroy(lamp);
    room.outcome(|rt| call(rt, lamp))
}

fn busy(name: &str, call: Call) -> Outcome {
    let mut room = Room::new();
    let lamp = room.lamp;
    let outcome = room
        .outcome(|rt| rt.with(lamp, |_, cx| call(cx, lamp)).expect("the lamp is there and free"));
    if FOR_LATER.contains(&name) {
        assert_eq!(room.rt[lamp].touched, 1, "{name}: it waits until the object is free");
    }
    outcome
}

fn foreign(call: Call) -> Outcome {
    let foreign = Room::new().lamp;
    Room::new().outcome(|rt| call(rt, foreign))
}

/// The rows of the table in the book: the outcomes by the name of the call.
fn rows(page: &str) -> BTreeMap<&str, [&str; 3]> {
    let (_, section) = page
        .split_once("## What a call does with a handle that it cannot use\n")
        .expect("the page has the section");
    let rows = section.lines().skip_while(|line| !line.starts_with("|---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let mut table = BTreeMap::new();
    for cells in cells {
        let [_, calls, stale, busy, foreign, _] = cells[..] else { panic!("{cells:?}") };
        for call in calls.split(", ") {
            table.insert(call.trim_matches('`'), [stale, busy, foreign]);
        }
    }
    table
}

#[test]
fn the_table_in_the_book_says_what_each_call_does() {
    let page = fs::read_to_string(format!(
        "{}/book/src/objects.md",
        concat!(env!("CARGO_MANIFEST_DIR"), "/..")
    ));
    let page = page.expect("the page is there");
    let table = rows(&page);
    let outcomes: BTreeMap<_, _> = calls()
        .into_iter()
        .map(|(name, call)| (name, [stale(call), busy(name, call), foreign(call)]))
        .collect();
    assert_eq!(table, outcomes);
}

#[test]
fn what_is_not_delivered_is_told_with_its_reason() {
    let mut room = Room::new();
    let (lamp, remote) = (room.lamp, room.rt.remote());
    let foreign = Room::new().lamp;
    let sender = room.rt.add(Lamp::default());
    room.rt.destroy(lamp);
    room.outcome(|rt| {
        rt.invoke(lamp, Lamp::touch, ());
        rt.later(lamp, |lamp, _| lamp.touch());
        rt.connect(sender, Lamp::lit, lamp, Lamp::touch);
        remote.emit(lamp, Lamp::lit, ()).expect("the runtime is there");
        remote.invoke(foreign, Lamp::touch, ()).expect("the runtime is there");
        WORKS
    });
    let test = "handle::what_is_not_delivered_is_told_with_its_reason";
    let mut texts = room.undelivered.take();
    texts.sort(); // the order of posted calls and those of a remote is not promised
    assert_eq!(
        texts,
        [
            &*format!("a closure in `{test}` was not called: Obj<Lamp> 2v1 is gone"),
            "a signal was not emitted: Obj<Lamp> 2v1 is gone",
            "nothing was connected: Obj<Lamp> 2v1 is gone",
            "slot `touch` was not called: Obj<Lamp> 2v1 is a handle of another runtime",
            "slot `touch` was not called: Obj<Lamp> 2v1 is gone",
        ]
    );
}

#[test]
fn a_wait_for_a_socket_that_is_not_in_the_runtime_fails_at_once() {
    let mut rt = Runtime::new().expect("the system has descriptors");
    let stale = rt.add(QTcpSocket::new());
    rt.destroy(stale);
    let mut other = Runtime::new().expect("the system has descriptors");
    let foreign = other.add(QTcpSocket::new());
    for socket in [stale, foreign] {
        assert!(!rt.wait_for_connected(socket, None));
        assert!(!rt.wait_for_ready_read(socket, None));
        assert!(!rt.wait_for_bytes_written(socket, None));
        assert!(!rt.wait_for_disconnected(socket, None));
    }
}

#[test]
fn a_handler_of_what_is_not_delivered_may_use_the_world_and_stays() {
    let mut rt = Runtime::new().expect("the system has descriptors");
    let gone = rt.add(Lamp::default());
    let counter = rt.add(Lamp::default());
    rt.on_undelivered(move |world, undelivered| {
        assert_eq!((undelivered.object(), undelivered.class_name()), (gone.erase(), "Lamp"));
        assert!(undelivered.slot_path().is_none_or(|path| path.contains("touch")));
        world[counter].touched += 1;
        world.connect(gone, Lamp::lit, counter, Lamp::touch); // told to nobody while this runs
    });
    rt.destroy(gone);
    for expected in 1..=2 {
        rt.connect(gone, Lamp::lit, counter, Lamp::touch);
        assert_eq!(rt[counter].touched, expected);
    }
    rt.invoke(gone, Lamp::touch, ());
    rt.process_events(Some(Duration::ZERO)).expect("the poller works");
    assert_eq!(rt[counter].touched, 3);
}

#[test]
fn a_connection_that_is_not_made_leaves_a_line_in_a_debug_build() {
    const MARK: &str = "SLOTWIRE_CONNECTS_TO_NOTHING";
    if std::env::var_os(MARK).is_some() {
        let mut rt = Runtime::new().expect("the system has descriptors");
        let (lamp, gone) = (rt.add(Lamp::default()), rt.add(Lamp::default()));
        rt.destroy(gone);
        rt.connect(lamp, Lamp::lit, gone, Lamp::touch);
        rt.on_undelivered(|_, _| ());
        rt.connect(lamp, Lamp::lit, gone, Lamp::touch);
        return;
    }
    let child = Command::new(std::env::current_exe().expect("it runs"))
        .args([
            "a_connection_that_is_not_made_leaves_a_line_in_a_debug_build",
            "--exact",
            "--nocapture",
        ])
        .env(MARK, "1")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&child.stderr);
    let lines = said.lines().filter(|line| line.starts_with("slotwire: ")).collect::<Vec<_>>();
    if !cfg!(debug_assertions) {
        return assert!(lines.is_empty(), "{lines:?}");
    }
    let [line] = *lines else { panic!("one line, and not {lines:?}") };
    assert!(line.starts_with("slotwire: tests/handle.rs:"), "{line}");
    assert!(line.ends_with(": nothing was connected: Obj<Lamp> 2v1 is gone"), "{line}");
}
