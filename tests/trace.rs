//! Traces: what is written down, and that nobody feels it.

mod people;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::Write;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use people::{deliver_all, panic_message, run_posted, runtime};
use slotwire::prelude::*;
use slotwire::{MetaObject, MetaSignal, QBuffer, Trace, VirtualClock};

/// Has a signal of each kind, and passes on what it hears.
#[derive(QObject, Default)]
struct Door {
    heard: Vec<u32>,
    #[signal]
    opened: Signal<u32>,
    #[signal]
    closed: Signal<()>,
    #[property]
    locked: Property<bool>,
}

#[slots]
impl Door {
    #[slot]
    fn open(&mut self, key: u32) {
        self.heard.push(key);
        self.opened.emit(key + 1);
        self.closed.emit(());
        self.opened.emit(key + 2);
    }

    #[slot]
    fn hear(&mut self, key: u32) {
        self.heard.push(key);
    }
}

/// A class that extends another one.
#[derive(QObject, Default)]
struct FrontDoor {
    #[qobject(base)]
    door: Door,
    #[signal]
    delivered: Signal<Vec<u8>>,
    #[property]
    number: Property<u16>,
}

/// Begins to record what a runtime emits.
fn traced(rt: &mut Runtime) -> Trace {
    let trace = Trace::new();
    rt.record_into(&trace);
    trace
}

/// A runtime that is traced, and a door in it.
fn traced_door() -> (Runtime, Trace, Obj<Door>) {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let door = rt.add(Door::default());
    (rt, trace, door)
}

/// The lines of a trace without the numbers of the turns, which are what `turns` gives.
fn lines(trace: &Trace) -> Vec<String> {
    let line = |line: &str| line.split_once(' ').map(|(_, rest)| rest.to_owned());
    trace.to_string().lines().filter_map(line).collect()
}

fn turns(trace: &Trace) -> Vec<u64> {
    trace.entries().iter().map(|entry| entry.turn).collect()
}

#[test]
fn a_signal_that_nobody_listens_to_is_recorded() {
    let mut rt = runtime();
    let early = rt.add(Door::default());
    let trace = traced(&mut rt);
    let late = rt.add(Door::default());
    rt.emit(early, Door::opened, 1);
    rt[late].closed.emit(());
    rt.with(late, |door, _| door.opened.emit(2));
    rt.emit(late, Door::closed, ());
    assert_eq!(
        lines(&trace),
        ["Door 1v1 opened(1)", "Door 2v1 closed()", "Door 2v1 opened(2)", "Door 2v1 closed()"]
    );
}

#[test]
fn what_was_emitted_before_is_not_recorded() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let spy = rt.spy(door, Door::opened);
    rt[door].opened.emit(1);
    let trace = traced(&mut rt);
    rt.deliver();
    assert_eq!(spy.take(), [1]);
    assert!(trace.is_empty());
}

#[test]
fn an_emission_is_recorded_when_it_is_made() {
    let (mut rt, trace, door) = traced_door();
    let chime = rt.add(Door::default());
    rt.connect(door, Door::opened, chime, Door::open);
    rt.with(door, |door, _| {
        door.open(10);
        assert_eq!(trace.len(), 3);
    });
    assert_eq!(
        trace.to_string(),
        "1 Door 1v1 opened(11)\n\
         1 Door 1v1 closed()\n\
         1 Door 1v1 opened(12)\n\
         1 Door 2v1 opened(12)\n\
         1 Door 2v1 closed()\n\
         1 Door 2v1 opened(13)\n\
         1 Door 2v1 opened(13)\n\
         1 Door 2v1 closed()\n\
         1 Door 2v1 opened(14)\n"
    );
}

#[test]
fn a_signal_that_is_connected_to_a_signal_is_recorded_behind_it() {
    let (mut rt, trace, door) = traced_door();
    let other = rt.add(Door::default());
    rt.connect_signal(door, Door::opened, other, Door::opened);
    rt.emit(door, Door::opened, 1);
    assert_eq!(trace.to_string(), "1 Door 1v1 opened(1)\n1 Door 2v1 opened(1)\n");
}

#[test]
fn turns_are_counted_in_which_something_is_emitted() {
    let (mut rt, trace, door) = traced_door();
    let other = rt.add(Door::default());
    rt.connect_with(ConnectionType::QUEUED, door, Door::opened, other, Door::open);
    rt.emit(door, Door::opened, 1);
    rt.with(door, |_, _| ());
    run_posted(&mut rt);
    rt.post(|_| ());
    run_posted(&mut rt);
    rt[door].closed.emit(());
    rt[door].closed.emit(());
    rt.with(door, |door, _| door.closed.emit(()));
    rt.emit(door, Door::closed, ());
    assert_eq!(turns(&trace), [1, 2, 2, 2, 3, 3, 3, 4]);
}

#[test]
fn what_is_blocked_is_no_emission() {
    let (mut rt, trace, door) = traced_door();
    rt.block_signals(door, true);
    rt.emit(door, Door::opened, 1);
    rt[door].opened.emit(2);
    rt[door].set_locked(true);
    rt.block_signals(door, false);
    rt.emit(door, Door::opened, 3);
    assert_eq!(lines(&trace), ["Door 1v1 opened(3)"]);
}

#[test]
fn what_was_blocked_before_recording_began_stays_blocked() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    rt.block_signals(door, true);
    let trace = traced(&mut rt);
    assert!(rt.signals_blocked(door));
    rt.emit(door, Door::opened, 1);
    assert!(trace.is_empty());
}

#[test]
fn a_property_that_changes_is_recorded() {
    let (mut rt, trace, door) = traced_door();
    rt[door].set_locked(true);
    rt[door].set_locked(true);
    rt.set_property(door, "locked", false).unwrap();
    assert_eq!(lines(&trace), ["Door 1v1 locked_changed(true)", "Door 1v1 locked_changed(false)"]);
}

#[test]
fn a_class_has_the_signals_of_what_it_extends() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let front = rt.add(FrontDoor::default());
    let door: Obj<Door> = rt.downcast(front).expect("a front door is a door");
    rt.emit(front, FrontDoor::delivered, vec![1, 2]);
    rt.emit(door, Door::opened, 7);
    rt[front].set_number(12);
    rt[door].set_locked(true);
    assert_eq!(
        lines(&trace),
        [
            "FrontDoor 1v1 delivered([1, 2])",
            "FrontDoor 1v1 opened(7)",
            "FrontDoor 1v1 number_changed(12)",
            "FrontDoor 1v1 locked_changed(true)",
        ]
    );
}

#[test]
fn an_object_with_a_name_goes_by_it() {
    let mut rt = runtime();
    let [front, back] = [rt.add(Door::default()), rt.add(Door::default())];
    rt.set_object_name(front, "front");
    let trace = traced(&mut rt);
    rt.set_object_name(back, "\"back\"\n");
    rt.emit(front, Door::closed, ());
    rt.emit(back, Door::closed, ());
    rt.set_object_name(back, "");
    rt.emit(back, Door::closed, ());
    assert_eq!(
        lines(&trace),
        [
            r#"Door "\"back\"\n" object_name_changed("\"back\"\n")"#,
            r#"Door "front" closed()"#,
            r#"Door "\"back\"\n" closed()"#,
            r#"Door 2v1 object_name_changed("")"#,
            r#"Door 2v1 closed()"#,
        ]
    );
}

#[test]
fn the_end_of_an_object_is_recorded_be_it_blocked_or_not() {
    let (mut rt, trace, door) = traced_door();
    let child = rt.add_child_of(door, Door::default());
    rt.block_signals(child, true);
    rt.destroy(door);
    let again = rt.add(Door::default());
    rt.emit(again, Door::closed, ());
    assert_eq!(
        lines(&trace),
        [
            "Door 1v1 destroyed(Obj<QObject> 1v1)",
            "Door 2v1 destroyed(Obj<QObject> 2v1)",
            "Door 1v3 closed()",
        ]
    );
}

/// Emits as it is made, and as it goes.
#[derive(QObject)]
struct Clerk {
    #[signal]
    hired: Signal<u32>,
    #[signal]
    greeted: Signal<&'static str>,
    #[signal]
    left: Signal<()>,
}

impl Clerk {
    fn new(cx: &mut Context<Self>) -> Self {
        let clerk = Self { hired: Signal::new(), greeted: Signal::new(), left: Signal::new() };
        cx.set_object_name(cx.this(), "clerk");
        clerk.hired.emit(1);
        clerk.hired.connect_fn(cx, |_, _| ());
        clerk.greeted.connect_fn(cx, |_, _| ());
        clerk.greeted.emit("hello");
        clerk.hired.emit(2);
        clerk
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.left.emit(());
    }
}

#[test]
fn what_a_constructor_emits_to_those_whom_it_connected_has_its_name() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let clerk = rt.add_with(Clerk::new);
    rt.destroy(clerk);
    assert_eq!(
        lines(&trace),
        [
            r#"Clerk "clerk" greeted("hello")"#,
            r#"Clerk "clerk" hired(2)"#,
            r#"Clerk "clerk" destroyed(Obj<QObject> 1v1)"#,
            r#"Clerk "clerk" left()"#,
        ]
    );
}

#[test]
fn a_constructor_that_fails_leaves_signals_without_a_name() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let failed = rt.try_add_with(|cx| {
        drop(Clerk::new(cx));
        Err::<Clerk, _>("no room")
    });
    assert_eq!(failed, Err("no room"));
    assert_eq!(lines(&trace), [r#"Clerk "clerk" ?("hello")"#, r#"Clerk "clerk" ?(2)"#]);
}

/// Says nothing of itself.
struct Secret;

/// Says that it cannot be shown, by an error or by a panic.
struct Broken {
    panics: bool,
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half of it")?;
        assert!(!self.panics, "not to be looked at");
        Err(fmt::Error)
    }
}

/// Takes two lines.
struct Verse;

impl fmt::Debug for Verse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("roses\r\nviolets")
    }
}

/// Counts how often it is cloned.
#[derive(Debug, Default)]
struct Original {
    copies: Rc<Cell<u32>>,
}

impl Clone for Original {
    fn clone(&self) -> Self {
        self.copies.set(self.copies.get() + 1);
        Self { copies: self.copies.clone() }
    }
}

impl PartialEq for Original {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// Has signals that carry what is hard to show.
#[derive(QObject)]
struct Archive {
    #[signal]
    hidden: Signal<Secret>,
    #[signal]
    hidden_many: Signal<Vec<Secret>>,
    #[signal]
    damaged: Signal<Broken>,
    #[signal]
    recited: Signal<Verse>,
    #[signal]
    own: Signal<Obj<Self>>,
    #[signal]
    lent: Signal<Original>,
    #[property]
    kept: Property<Original>,
}

impl Archive {
    fn new() -> Self {
        Self {
            hidden: Signal::new(),
            hidden_many: Signal::new(),
            damaged: Signal::new(),
            recited: Signal::new(),
            own: Signal::new(),
            lent: Signal::new(),
            kept: Property::new(Original::default()),
        }
    }
}

#[test]
fn an_argument_without_debug_is_two_dots() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let archive = rt.add(Archive::new());
    rt.emit(archive, Archive::hidden, Secret);
    rt.emit(archive, Archive::hidden_many, vec![Secret]);
    rt.emit(archive, Archive::own, archive);
    assert_eq!(
        lines(&trace),
        [
            "Archive 1v1 hidden(..)",
            "Archive 1v1 hidden_many(..)",
            "Archive 1v1 own(Obj<Archive> 1v1)",
        ]
    );
}

#[test]
fn an_argument_that_cannot_be_shown_spoils_nothing() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let archive = rt.add(Archive::new());
    let heard = Rc::new(Cell::new(0));
    let counter = heard.clone();
    rt.connect_fn(archive, Archive::damaged, move |_, _| counter.set(counter.get() + 1));
    rt.emit(archive, Archive::damaged, Broken { panics: true });
    rt[archive].damaged.emit(Broken { panics: true });
    rt.emit(archive, Archive::damaged, Broken { panics: false });
    assert_eq!(heard.get(), 3);
    assert_eq!(lines(&trace), ["Archive 1v1 damaged(..)"; 3]);
}

#[test]
fn an_emission_is_a_line_whatever_it_carries() {
    let mut rt = runtime();
    let trace = Trace::new();
    rt.record_into(&trace.labelled("two\nlines"));
    let archive = rt.add(Archive::new());
    rt.emit(archive, Archive::recited, Verse);
    assert_eq!(trace.to_string(), "two\\nlines 1 Archive 1v1 recited(roses\\r\\nviolets)\n");
}

#[test]
fn an_argument_is_shown_and_not_cloned() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let archive = rt.add(Archive::new());
    let original = Original::default();
    let copies = original.copies.clone();
    rt.emit(archive, Archive::lent, Original { copies: copies.clone() });
    rt[archive].lent.emit(Original { copies: copies.clone() });
    rt[archive].set_kept(original);
    assert_eq!(trace.len(), 3);
    assert_eq!(copies.get(), 0);

    let _spy = rt.spy(archive, Archive::kept_changed);
    rt[archive].set_kept(Original { copies: copies.clone() });
    assert_eq!(copies.get(), 1, "for the slot");
}

/// A class without the derive, which describes some of its signals.
#[derive(Default)]
struct Bell {
    rung: Signal<u8>,
    muted: Signal<u8>,
    stopped: Signal<()>,
    unknown: Signal<u8>,
}

static BELL: MetaObject = MetaObject::new("Bell").with_signals(&[
    MetaSignal::new("rung", "u8", |bell, see| see(&Bell::cast(bell).rung)).with_debug::<u8>(),
    MetaSignal::new("muted", "u8", |bell, see| see(&Bell::cast(bell).muted)),
    MetaSignal::new("stopped", "()", |bell, see| see(&Bell::cast(bell).stopped))
        .with_debug::<String>(),
]);

impl QObject for Bell {
    fn static_meta_object() -> &'static MetaObject {
        &BELL
    }

    fn meta_object(&self) -> &'static MetaObject {
        &BELL
    }
}

impl Bell {
    fn unknown(&self) -> &Signal<u8> {
        &self.unknown
    }
}

#[test]
fn a_class_by_hand_says_how_its_arguments_are_shown() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let bell = rt.add(Bell::default());
    rt[bell].rung.emit(3);
    rt[bell].muted.emit(4);
    rt[bell].stopped.emit(());
    assert_eq!(lines(&trace), ["Bell 1v1 rung(3)", "Bell 1v1 muted(..)", "Bell 1v1 stopped()"]);
}

#[test]
fn a_signal_that_its_class_does_not_describe_is_recorded_when_it_is_connected() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let bell = rt.add(Bell::default());
    rt[bell].unknown.emit(1);
    let _spy = rt.spy(bell, Bell::unknown);
    rt[bell].unknown.emit(2);
    assert_eq!(lines(&trace), ["Bell 1v1 ?(2)"]);
}

/// Runs a server and a client on loopback until the client has the server's line.
fn fetch_a_line(trace: &Trace) {
    let mut rt = runtime();
    rt.record_into(trace);
    let server = rt.add(QTcpServer::new());
    rt[server].listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
        let socket = world[server].next_pending_connection().expect("there is one");
        world[socket].write_all(b"hello\n")?;
        world[socket].disconnect_from_host();
        std::io::Result::Ok(())
    });
    let client = rt.add(QTcpSocket::new());
    rt.set_object_name(client, "client");
    let gone = rt.spy(client, QTcpSocket::disconnected);
    let port = rt[server].server_port().expect("it listens");
    rt[client].connect_to_host("127.0.0.1", port);
    assert!(rt.run_until(Duration::from_secs(30), |_| !gone.is_empty()).unwrap());
    assert_eq!(rt[client].read_line_string().as_deref(), Some("hello"));
}

#[test]
fn our_classes_show_what_they_emit() {
    let trace = Trace::new();
    fetch_a_line(&trace);
    let client: Vec<_> = lines(&trace)
        .into_iter()
        .filter_map(|line| line.strip_prefix(r#"QTcpSocket "client" "#).map(str::to_owned))
        .collect();
    assert_eq!(
        client,
        [
            r#"object_name_changed("client")"#,
            "state_changed(HostLookup)",
            "state_changed(Connecting)",
            "host_found()",
            "state_changed(Connected)",
            "connected()",
            "ready_read()",
            "channel_ready_read(0)",
            "error_occurred(RemoteHostClosed)",
            "state_changed(Closing)",
            "state_changed(Unconnected)",
            "read_channel_finished()",
            "disconnected()",
        ]
    );
    assert!(lines(&trace).contains(&"QTcpServer 1v1 pending_connection_available()".to_owned()));
    assert!(lines(&trace).contains(&"QTcpSocket 3v1 bytes_written(6)".to_owned()));
}

#[test]
fn a_device_in_memory_shows_what_it_emits() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let buffer = rt.add(QBuffer::new());
    rt[buffer].open(OpenMode::READ_WRITE).unwrap();
    rt[buffer].write_all(b"abc").unwrap();
    run_posted(&mut rt);
    rt[buffer].close();
    assert!(!rt[buffer].is_open());
    assert_eq!(
        lines(&trace),
        [
            "QBuffer 1v1 bytes_written(3)",
            "QBuffer 1v1 channel_bytes_written((0, 3))",
            "QBuffer 1v1 ready_read()",
            "QBuffer 1v1 channel_ready_read(0)",
            "QBuffer 1v1 about_to_close()",
        ]
    );
}

#[test]
fn several_runtimes_write_into_one_trace_in_one_order() {
    let trace = Trace::new();
    let [mut here, mut there, mut nowhere] = [runtime(), runtime(), runtime()];
    here.record_into(&trace.labelled("here"));
    there.record_into(&trace.labelled("there"));
    nowhere.record_into(&trace);
    let doors = [&mut here, &mut there, &mut nowhere].map(|rt| rt.add(Door::default()));
    here.emit(doors[0], Door::opened, 1);
    there.emit(doors[1], Door::opened, 2);
    here.emit(doors[0], Door::opened, 3);
    nowhere.emit(doors[2], Door::opened, 4);
    assert_eq!(
        trace.to_string(),
        "here 1 Door 1v1 opened(1)\n\
         there 1 Door 1v1 opened(2)\n\
         here 2 Door 1v1 opened(3)\n\
         1 Door 1v1 opened(4)\n"
    );
    let labels: Vec<_> = trace.entries().into_iter().map(|entry| entry.label).collect();
    assert_eq!(labels, [Some("here".into()), Some("there".into()), Some("here".into()), None]);
}

#[test]
fn the_times_are_those_of_the_runtimes_clocks() {
    let clock = VirtualClock::new();
    clock.advance(Duration::from_secs(10));
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let door = rt.add(Door::default());
    let trace = Trace::timed();
    rt.record_into(&trace);
    for pause in [0, 1, 1_249_999_999, 3_600_000_000_000] {
        clock.advance(Duration::from_nanos(pause));
        rt.emit(door, Door::closed, ());
    }
    assert_eq!(
        trace.to_string(),
        "1 @0s Door 1v1 closed()\n\
         2 @0.000000001s Door 1v1 closed()\n\
         3 @1.25s Door 1v1 closed()\n\
         4 @3601.25s Door 1v1 closed()\n"
    );
    assert_eq!(trace.entries()[2].time, Some(Duration::from_millis(1250)));
}

#[test]
fn a_trace_that_was_stopped_keeps_what_it_has() {
    let (mut rt, trace, door) = traced_door();
    rt.emit(door, Door::opened, 1);
    trace.clone().stop();
    rt.emit(door, Door::opened, 2);
    rt.record_into(&trace);
    rt.emit(door, Door::opened, 3);
    assert_eq!(lines(&trace), ["Door 1v1 opened(1)"]);
}

#[test]
fn a_runtime_that_records_into_another_trace_begins_anew() {
    let (mut rt, first, door) = traced_door();
    rt[door].opened.emit(1);
    let second = traced(&mut rt);
    rt[door].opened.emit(2);
    assert_eq!(first.to_string(), "1 Door 1v1 opened(1)\n");
    assert_eq!(second.to_string(), "1 Door 1v1 opened(2)\n");
}

#[test]
fn a_trace_that_nobody_has_ends() {
    let (mut rt, trace, door) = traced_door();
    let copy = trace.labelled("copy");
    drop(trace);
    rt.emit(door, Door::opened, 1);
    assert_eq!(copy.len(), 1);
    drop(copy);
    rt.emit(door, Door::opened, 2);
    rt.destroy(door);
    let later = traced(&mut rt);
    rt.add(Door::default());
    assert!(later.is_empty());
}

#[test]
fn a_trace_outlives_its_runtime() {
    let (mut rt, trace, door) = traced_door();
    rt.emit(door, Door::opened, 1);
    drop(rt);
    assert_eq!(lines(&trace), ["Door 1v1 opened(1)"]);
}

#[test]
fn traces_are_the_same_if_their_entries_are() {
    let [first, second, third] = [1, 1, 2].map(|key| {
        let (mut rt, trace, door) = traced_door();
        rt.emit(door, Door::opened, 0);
        rt.emit(door, Door::opened, key);
        trace
    });
    assert_eq!(first, second);
    assert_eq!(first, first.labelled("mine"));
    assert_eq!(first.difference(&second), None);
    assert_ne!(first, third);
    assert_eq!(
        first.difference(&third).unwrap(),
        "the traces differ from line 2 on\n  \
         1 Door 1v1 opened(0)\n\
         - 2 Door 1v1 opened(1)\n\
         + 2 Door 1v1 opened(2)\n"
    );
}

#[test]
fn a_difference_shows_a_few_lines_before_it_and_the_end() {
    let (mut rt, trace, door) = traced_door();
    (1..=5).for_each(|key| rt.emit(door, Door::opened, key));
    let whole = trace.to_string();
    rt.emit(door, Door::opened, 6);
    assert_eq!(
        trace.difference(&whole).unwrap(),
        "the traces differ from line 6 on\n  \
         3 Door 1v1 opened(3)\n  \
         4 Door 1v1 opened(4)\n  \
         5 Door 1v1 opened(5)\n\
         - 6 Door 1v1 opened(6)\n\
         + (the end)\n"
    );
    assert_eq!(
        Trace::new().difference("1 Door 1v1 opened(1)").unwrap(),
        "the traces differ from line 1 on\n- (the end)\n+ 1 Door 1v1 opened(1)\n"
    );
}

#[test]
fn the_same_program_gives_the_same_text() {
    let [first, second] = [(), ()].map(|()| {
        let trace = Trace::timed();
        let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
        rt.record_into(&trace);
        let timer = rt.add(QTimer::new());
        let door = rt.add(Door::default());
        rt.connect_fn(timer, QTimer::timeout, move |world, _| world.emit(door, Door::opened, 1));
        rt[timer].start_with(Duration::from_millis(7));
        rt.single_shot_fn(Duration::from_millis(30), move |world| {
            world.destroy(door);
            world.quit();
        });
        rt.exec().unwrap();
        trace.to_string()
    });
    assert_eq!(first, second);
    assert_eq!(first.lines().count(), 9, "{first}");
}

#[test]
fn a_signal_that_is_traced_has_nobody_connected() {
    let (mut rt, trace, door) = traced_door();
    rt.emit(door, Door::opened, 1);
    rt[door].set_locked(true);
    assert_eq!(trace.len(), 2);
    assert_eq!((rt[door].opened().receivers(), rt[door].opened().is_connected()), (0, false));
    assert_eq!(format!("{:?}", rt[door].opened()), "Signal { receivers: 0 }");
    assert!(rt.connections(door).is_empty());
    assert!(!rt.disconnect_all(door));
    assert!(!rt.disconnect_signal(door, Door::opened));
    let _spy = rt.spy(door, Door::opened);
    assert_eq!(rt.connections(door).len(), 1);
    assert_eq!(rt.find_children::<Door>(door, None).len(), 0);
    assert_eq!(rt.object_name(door), "");
}

#[test]
fn an_emission_that_only_the_trace_hears_is_no_work() {
    let (mut rt, trace, door) = traced_door();
    while rt.process_events(Some(Duration::ZERO)).unwrap() {}
    rt[door].opened.emit(1);
    assert_eq!(trace.len(), 1);
    assert_eq!(rt.next_deadline(), None);
    assert!(!rt.process_events(Some(Duration::ZERO)).unwrap());

    // Where nothing waits, disconnecting is done when the call returns.
    let kept = Rc::new(());
    let capture = kept.clone();
    let connection = rt.connect_fn(door, Door::closed, move |_, _| drop(capture.clone()));
    rt[door].opened.emit(2);
    connection.disconnect();
    assert_eq!(Rc::strong_count(&kept), 1);
}

#[test]
fn closures_go_in_the_order_in_which_they_would_without_a_trace() {
    /// Tells when it goes.
    struct Captured(&'static str, Rc<RefCell<Vec<&'static str>>>);

    impl Captured {
        fn stay(&self) {}
    }

    impl Drop for Captured {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0);
        }
    }

    let [without, with] = [false, true].map(|is_traced| {
        let mut rt = runtime();
        let trace = is_traced.then(|| traced(&mut rt));
        let (gone, door) = (Rc::default(), rt.add(Door::default()));
        let first = Captured("locked_changed", Rc::clone(&gone));
        let second = Captured("opened", Rc::clone(&gone));
        rt.connect_fn(door, Door::locked_changed, move |_, _| first.stay());
        rt.connect_fn(door, Door::opened, move |_, _| second.stay());
        rt.destroy(door);
        assert_eq!(trace.map_or(1, |trace| trace.len()), 1);
        gone.take()
    });
    assert_eq!(without, with);
    assert_eq!(with, ["locked_changed", "opened"]);
}

#[test]
fn a_turn_is_as_long_with_a_trace() {
    let mut rt = runtime();
    let [alice, bob] = [rt.add(Door::default()), rt.add(Door::default())];
    let answers = Rc::new(Cell::new(0_usize));
    for (from, to) in [(alice, bob), (bob, alice)] {
        let answers = answers.clone();
        rt.connect_fn_on(from, Door::opened, to, move |door, _, key| {
            answers.set(answers.get() + 1);
            door.closed.emit(());
            door.opened.emit(key + 1);
        });
    }
    rt.emit(alice, Door::opened, 0);
    answers.set(0);
    rt.deliver();
    let without = answers.take();

    let trace = traced(&mut rt);
    rt.deliver();
    assert!(answers.get().abs_diff(without) <= 1, "{} and not {without}", answers.get());
    assert_eq!(trace.len(), 2 * answers.get());
}

#[test]
fn a_slot_that_panics_costs_what_it_costs_without_a_trace() {
    let (mut rt, trace, door) = traced_door();
    let clumsy = rt.add(Door::default());
    rt.connect_fn_on(door, Door::opened, clumsy, |_, _, _| panic!("dropped the key"));
    assert_eq!(panic_message(|| rt.emit(door, Door::opened, 1)), "dropped the key");
    deliver_all(&mut rt);
    assert!(!rt.contains(clumsy));
    rt.emit(door, Door::opened, 2);
    assert_eq!(
        trace.to_string(),
        "1 Door 1v1 opened(1)\n\
         2 Door 2v1 destroyed(Obj<QObject> 2v1)\n\
         3 Door 1v1 opened(2)\n"
    );
}

#[test]
fn slots_hear_what_they_hear_without_a_trace() {
    let [without, with] = [false, true].map(|is_traced| {
        let mut rt = runtime();
        let trace = is_traced.then(|| traced(&mut rt));
        let doors = [(); 3].map(|()| rt.add(Door::default()));
        rt.connect(doors[0], Door::opened, doors[1], Door::open);
        rt.connect(doors[1], Door::opened, doors[2], Door::hear);
        rt.connect_with(
            ConnectionType::QUEUED | ConnectionType::SINGLE_SHOT,
            doors[0],
            Door::opened,
            doors[2],
            Door::open,
        );
        rt[doors[0]].opened.emit(1);
        rt.emit(doors[0], Door::opened, 2);
        run_posted(&mut rt);
        assert_eq!(trace.is_some_and(|trace| !trace.is_empty()), is_traced);
        doors.map(|door| rt[door].heard.clone())
    });
    assert_eq!(without, with);
    assert_eq!(with[2], [2, 3, 3, 4, 1]);
}
