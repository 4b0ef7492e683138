//! What `#[derive(QObject)]` and `#[slots]` write.

#![deny(missing_docs, unreachable_pub, unnameable_types, dead_code, unused)]

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use slotwire::object::Anchor;
use slotwire::prelude::*;
use slotwire::{Device, MetaObject, QBuffer, RawDevice};

/// A sender with everything that a class can have.
#[derive(QObject, Default)]
struct Door {
    /// Emitted when the door was opened, with the number of the key.
    #[signal]
    opened: Signal<u32>,
    #[signal]
    name_plate_read: Signal<String>,
    /// Whether the door is locked.
    #[property]
    locked: Property<bool>,
    #[property(read_only)]
    openings: Property<u32>,
    #[qobject(skip)]
    _private: Signal<()>,
}

impl Door {
    fn open(&mut self, key: u32) {
        self.openings.set(*self.openings + 1);
        self.opened.emit(key);
    }
}

/// A receiver that declares what it listens to.
#[derive(QObject)]
struct Guard {
    door: Obj<Door>,
    heard: Vec<String>,
    #[signal]
    alarmed: Signal<u32>,
    #[property]
    alert: Property<bool>,
}

#[slots]
impl Guard {
    fn new(door: Obj<Door>) -> Self {
        Self { door, heard: Vec::new(), alarmed: Signal::new(), alert: Property::new(false) }
    }

    fn note(&mut self, what: impl std::fmt::Display) {
        self.heard.push(what.to_string());
    }

    #[slot(door.opened)]
    fn look(&mut self, key: u32) {
        self.note(format_args!("opened with {key}"));
        if key == 0 {
            self.alarmed.emit(key);
            self.set_alert(true);
        }
    }

    #[slot(door.opened, queued)]
    fn look_later(&mut self) {
        self.note("looked later");
    }

    #[slot(door.opened, single_shot)]
    fn greet(&mut self, cx: &mut Context<Self>) {
        let sender = cx.sender();
        assert!(sender.is_some_and(|sender| sender == self.door));
        self.note("hello");
    }

    #[slot(door.name_plate_read)]
    fn read(&mut self, text: &str) {
        self.note(text);
    }

    #[slot(self.alarmed)]
    fn call_for_help(&mut self, cx: &mut Context<Self>, key: &u32) {
        let locked = *cx[self.door].locked();
        self.note(format_args!("help, {key}, {locked}"));
    }

    #[slot(self.alert_changed)]
    #[slot(door.locked_changed)]
    fn note_change(&mut self, now: bool) {
        self.note(format_args!("changed to {now}"));
    }

    #[slot(door.destroyed)]
    fn go_home(&mut self, _door: Obj<dyn QObject>) {
        self.note("went home");
    }

    #[slot]
    fn by_hand(&mut self, cx: &mut Context<Self>, key: u32) -> Result<(), std::fmt::Error> {
        let _ = cx;
        if key == 13 { Err(std::fmt::Error) } else { Ok(()) }
    }
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime needs no more than a poller")
}

fn heard(rt: &mut Runtime, guard: Obj<Guard>) -> Vec<String> {
    while !rt.deliver() {}
    std::mem::take(&mut rt[guard].heard)
}

#[test]
fn a_declared_slot_is_connected_on_insertion() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::new(door));
    rt.emit(door, Door::name_plate_read, "7b".to_owned());
    assert_eq!(heard(&mut rt, guard), ["7b"]);
}

#[test]
fn a_slot_without_a_signal_is_connected_by_hand_only() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::new(door));
    let failures = Rc::new(RefCell::new(0));
    let counter = failures.clone();
    rt.on_slot_error(move |_, _| *counter.borrow_mut() += 1);
    rt.emit(door, Door::opened, 13);
    assert_eq!(*failures.borrow(), 0);

    rt.connect(door, Door::opened, guard, Guard::by_hand);
    rt.emit(door, Door::opened, 13);
    rt.emit(door, Door::opened, 12);
    assert_eq!(*failures.borrow(), 1);
}

#[test]
fn a_single_shot_slot_runs_once() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::new(door));
    rt.emit(door, Door::opened, 1);
    rt.emit(door, Door::opened, 2);
    let greetings = heard(&mut rt, guard).iter().filter(|what| *what == "hello").count();
    assert_eq!(greetings, 1);
}

#[test]
fn a_queued_slot_waits_for_the_next_turn_of_the_loop() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::new(door));
    rt.emit(door, Door::opened, 1);
    assert_eq!(heard(&mut rt, guard), ["opened with 1", "hello"]);
}

#[test]
fn a_class_listens_to_its_own_signals_and_properties() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::new(door));
    rt[door].set_locked(true);
    rt.emit(door, Door::opened, 0);
    let heard = heard(&mut rt, guard);
    let own: Vec<_> = heard.iter().filter(|what| what.contains("true")).collect();
    assert_eq!(own, ["changed to true", "help, 0, true", "changed to true"]);
}

#[test]
fn a_declared_slot_hears_the_end_of_another_object() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::new(door));
    rt.destroy(door);
    assert_eq!(heard(&mut rt, guard), ["went home"]);
}

#[test]
fn a_declared_connection_can_be_ended_by_the_name_of_the_slot() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::new(door));
    assert!(rt.disconnect(door, Door::name_plate_read, guard, Guard::read));
    rt.emit(door, Door::name_plate_read, "7b".to_owned());
    assert!(heard(&mut rt, guard).is_empty());
}

#[test]
fn a_property_emits_only_when_it_changes() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let spy = rt.spy(door, Door::locked_changed);
    rt[door].set_locked(false);
    rt[door].set_locked(true);
    rt[door].set_locked(true);
    rt.deliver();
    assert_eq!(spy.take(), [true]);
    assert!(*rt[door].locked());
}

#[test]
fn properties_are_read_and_written_by_name() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    assert_eq!(rt.set_property(door, "locked", true), Ok(true));
    assert!(rt.set_property(door, "locked", "no boolean").is_err());
    assert_eq!(rt.property::<bool>(door, "locked"), Some(true));
    assert_eq!(rt.property::<u32>(door, "locked"), None);
}

#[test]
fn a_read_only_property_is_not_written_by_name() {
    let mut rt = runtime();
    let door = rt.add(Door::default());
    let spy = rt.spy(door, Door::openings_changed);
    rt.with(door, |door, _| door.open(4));
    let refused = rt.set_property(door, "openings", 7_u32).unwrap_err();
    assert_eq!(refused.to_string(), "property `openings: u32` of Door is read-only");
    assert!(refused.is_read_only());
    let writable: Vec<_> =
        Door::static_meta_object().properties().iter().map(|p| p.is_writable()).collect();
    assert!(writable.contains(&true) && writable.contains(&false));
    assert_eq!(rt.property::<u32>(door, "openings"), Some(1));
    assert_eq!(*rt[door].openings(), 1);
    assert_eq!(spy.take(), [1]);
}

#[test]
fn the_meta_object_knows_signals_slots_and_properties_in_their_order() {
    let meta = Guard::static_meta_object();
    assert_eq!(meta.class_name(), "Guard");
    assert!(meta.super_class().is_none());

    let signals: Vec<_> = meta.signals().iter().map(|s| (s.name(), s.argument())).collect();
    assert_eq!(signals, [("alarmed", "u32"), ("alert_changed", "bool")]);
    let properties: Vec<_> = meta.properties().iter().map(|p| (p.name(), p.type_name())).collect();
    assert_eq!(properties, [("alert", "bool")]);
    let slots: Vec<_> = meta.slots().iter().map(|s| (s.name(), s.argument(), s.signal())).collect();
    assert_eq!(
        slots,
        [
            ("look", Some("u32"), Some("door.opened")),
            ("look_later", None, Some("door.opened")),
            ("greet", None, Some("door.opened")),
            ("read", Some("&str"), Some("door.name_plate_read")),
            ("call_for_help", Some("&u32"), Some("self.alarmed")),
            ("note_change", Some("bool"), Some("self.alert_changed, door.locked_changed")),
            ("go_home", Some("Obj<dyn QObject>"), Some("door.destroyed")),
            ("by_hand", Some("u32"), None),
        ]
    );
}

#[test]
fn a_skipped_signal_is_not_in_the_meta_object() {
    let names: Vec<_> =
        Door::static_meta_object().signals().iter().map(|signal| signal.name()).collect();
    assert_eq!(names, ["opened", "name_plate_read", "locked_changed", "openings_changed"]);
}

/// A class that extends another one.
#[derive(QObject)]
struct FrontDoor {
    #[qobject(base)]
    door: Bell,
    #[signal]
    delivered: Signal<Vec<u8>>,
}

/// A class that is extended, with a slot of its own.
#[derive(QObject, Default)]
struct Bell {
    rings: u32,
    #[signal]
    rung: Signal<()>,
    #[property]
    loud: Property<bool>,
}

#[slots]
impl Bell {
    #[slot(self.rung)]
    fn count(&mut self) {
        self.rings += 1;
    }
}

fn front_door(rt: &mut Runtime) -> Obj<FrontDoor> {
    rt.add(FrontDoor { door: Bell::default(), delivered: Signal::new() })
}

#[test]
fn a_handle_to_the_outer_object_is_one_to_what_it_extends() {
    let mut rt = runtime();
    let outer = front_door(&mut rt);
    let bell: Obj<Bell> = rt.downcast(outer).expect("a front door is a bell");
    rt[bell].set_loud(true);
    assert!(*rt[outer].door.loud());
    assert_eq!(bell, outer);
}

#[test]
fn a_handle_becomes_one_to_the_base_without_a_look() {
    let mut rt = runtime();
    let outer = front_door(&mut rt);
    let bell: Obj<Bell> = outer.upcast();
    rt.destroy(outer);
    assert!(rt.get(bell).is_none());
}

/// A class that listens to what it extends.
#[derive(QObject, Default)]
struct Chime {
    #[qobject(base)]
    bell: Bell,
    chimes: u32,
}

#[slots]
impl Chime {
    fn rung(&self) -> &Signal<()> {
        self.bell.rung()
    }

    #[slot(self.rung)]
    fn chime(&mut self) {
        self.chimes += self.bell.rings;
    }
}

#[test]
fn a_class_hears_the_signals_of_its_base_after_the_base_does() {
    let mut rt = runtime();
    let chime = rt.add(Chime::default());
    rt.emit(chime, Chime::rung, ());
    rt.emit(chime.upcast(), Bell::rung, ());
    assert_eq!(rt[chime].chimes, 3);
}

/// A class that declares slots on the signals of what it extends.
#[derive(QObject, Default)]
struct Carillon {
    #[qobject(base)]
    chime: Chime,
    heard: Vec<&'static str>,
}

#[slots]
impl Carillon {
    #[slot(self.chime.rung)]
    fn hear(&mut self) {
        self.heard.push("direct");
    }

    #[slot(self.chime.rung, queued, single_shot)]
    fn hear_later(&mut self) {
        self.heard.push("queued");
    }
}

#[test]
fn a_slot_can_be_declared_on_a_signal_of_the_base() {
    let mut rt = runtime();
    let carillon = rt.add(Carillon::default());
    for _ in 0..2 {
        rt.emit(carillon.upcast::<Chime>().upcast(), Bell::rung, ());
    }
    assert_eq!(rt[carillon].heard, ["direct", "direct"]);
    rt.process_events(Some(Duration::ZERO)).expect("the poller works");
    assert_eq!(rt[carillon].heard, ["direct", "direct", "queued"]);

    let meta = Carillon::static_meta_object();
    assert_eq!(meta.slot("hear").and_then(|slot| slot.signal()), Some("self.chime.rung"));
}

#[derive(QObject)]
struct Ticker {
    #[qobject(base)]
    timer: QTimer,
    ticks: u32,
}

#[slots]
impl Ticker {
    #[slot(self.timer.timeout)]
    fn tick(&mut self) {
        self.ticks += 1;
    }
}

#[test]
fn a_class_that_extends_a_timer_hears_its_timeouts() {
    let mut rt = runtime();
    let ticker = rt.add(Ticker { timer: QTimer::new(), ticks: 0 });
    rt[ticker].timer.start();
    rt.process_events(Some(Duration::ZERO)).expect("the poller works");
    assert_eq!(rt[ticker].ticks, 1);
}

/// A class whose constructor and whose methods need a context.
#[derive(QObject)]
struct Choir {
    singer: Obj<Bell>,
    heard: u32,
}

#[slots]
impl Choir {
    fn new(cx: &mut Context<Self>) -> Self {
        let singer = cx.add_child(Bell::default());
        cx.on(singer, Bell::rung, Self::hear);
        Self { singer, heard: 0 }
    }

    #[slot]
    fn hear(&mut self) {
        self.heard += 1;
    }

    fn sing(&mut self, cx: &mut Context<Self>) {
        cx.emit(self.singer, Bell::rung, ());
    }
}

/// A class that extends it.
#[derive(QObject)]
struct Opera {
    #[qobject(base)]
    choir: Choir,
}

impl Opera {
    fn new(cx: &mut Context<Self>) -> Self {
        Self { choir: Choir::new(&mut cx.as_base()) }
    }

    fn perform(&mut self, cx: &mut Context<Self>) {
        self.choir.sing(&mut cx.as_base());
    }
}

#[test]
fn a_class_calls_the_constructor_and_the_methods_of_its_base_with_its_own_context() {
    let mut rt = runtime();
    let opera = rt.add_with(Opera::new);
    let singer = rt[opera].choir.singer;
    assert_eq!(rt.parent(singer), Some(opera.erase()));
    rt.with(opera, |opera, cx| opera.perform(cx));
    assert_eq!(rt[opera].choir.heard, 1);
}

#[test]
fn the_slots_of_the_base_are_connected_too() {
    let mut rt = runtime();
    let outer = front_door(&mut rt);
    let bell: Obj<Bell> = rt.downcast(outer).expect("a front door is a bell");
    rt.emit(bell, Bell::rung, ());
    assert_eq!(rt[outer].door.rings, 1);
}

#[test]
fn the_meta_object_of_an_outer_class_leads_to_that_of_the_inner() {
    let mut rt = runtime();
    let outer = front_door(&mut rt);
    let meta = rt[outer].meta_object();
    assert_eq!(meta.super_class(), Some(Bell::static_meta_object()));
    assert!(meta.inherits(Bell::static_meta_object()));
    assert!(!Bell::static_meta_object().inherits(meta));
    assert_eq!(meta.signal("rung").map(|signal| signal.argument()), Some("()"));
    assert_eq!(meta.signal("delivered").map(|signal| signal.argument()), Some("Vec<u8>"));
}

#[test]
fn properties_of_the_base_are_reached_by_name() {
    let mut rt = runtime();
    let outer = front_door(&mut rt);
    assert_eq!(rt.set_property(outer, "loud", true), Ok(true));
    assert_eq!(rt.property::<bool>(outer, "loud"), Some(true));
}

#[test]
fn the_tree_dump_shows_the_signals_of_derived_classes() {
    let mut rt = runtime();
    let outer = front_door(&mut rt);
    let spy = rt.spy(outer, FrontDoor::delivered);
    assert!(rt.connections(outer).iter().any(|connection| connection.signal == "delivered"));
    rt.emit(outer, FrontDoor::delivered, vec![1]);
    assert_eq!(spy.take(), [[1]]);
}

/// A class without any fields.
#[derive(QObject, Default)]
struct Unit;

/// A class whose names are keywords.
#[derive(QObject, Default)]
struct Keyword {
    #[signal]
    r#type: Signal<()>,
    #[property]
    r#match: Property<u8>,
    matched: Vec<u8>,
}

#[slots]
impl Keyword {
    #[slot(self.match_changed)]
    #[cfg(not(any()))]
    fn r#move(&mut self, to: u8) {
        self.matched.push(to);
    }

    #[slot(self.no_such_signal)]
    #[cfg(any())]
    fn left_out(&mut self) {}
}

#[test]
fn a_unit_struct_is_a_class() {
    let mut rt = runtime();
    let unit = rt.add(Unit);
    assert_eq!(rt[unit].meta_object().class_name(), "Unit");
}

#[test]
fn keywords_lose_their_prefix_in_names() {
    let mut rt = runtime();
    let keyword = rt.add(Keyword::default());
    let spy = rt.spy(keyword, Keyword::r#type);
    rt.emit(keyword, Keyword::r#type, ());
    assert_eq!(spy.len(), 1);
    rt.with(keyword, |keyword, _| keyword.set_match(3));
    assert_eq!(rt[keyword].matched, [3]);
    assert_eq!(*rt[keyword].r#match(), 3);

    let meta = Keyword::static_meta_object();
    assert!(meta.signal("type").is_some() && meta.signal("match_changed").is_some());
    assert!(meta.property("match").is_some() && meta.slot("move").is_some());
}

#[test]
fn a_method_that_is_left_out_by_cfg_is_no_slot() {
    assert!(Keyword::static_meta_object().slot("left_out").is_none());
}

mod elsewhere {
    //! The slots of a class may be in another module than its struct.

    use super::{Far, slots};

    #[slots]
    impl Far {
        #[slot(self.called)]
        fn come(&mut self) {
            self.near = true;
        }
    }
}

/// A class whose slots are in another module.
#[derive(QObject, Default)]
struct Far {
    near: bool,
    #[signal]
    called: Signal<()>,
}

#[test]
fn the_slots_may_be_in_another_module() {
    let mut rt = runtime();
    let far = rt.add(Far::default());
    rt.emit(far, Far::called, ());
    assert!(rt[far].near);
}

/// A parent that a child listens to, while the parent is still under construction.
#[derive(QObject, Default)]
struct Parent {
    #[signal]
    called: Signal<u8>,
    child: Option<Obj<Child>>,
}

/// A child that wires itself to its parent.
#[derive(QObject)]
struct Child {
    parent: Obj<Parent>,
    calls: u8,
}

#[slots]
impl Child {
    #[slot(parent.called)]
    fn hear(&mut self, call: u8) {
        self.calls += call;
    }
}

#[test]
fn a_child_declares_a_slot_on_its_parent_during_construction() {
    let mut rt = runtime();
    let parent = rt.add_with(|cx| {
        let this = cx.this();
        let child = cx.add_child(Child { parent: this, calls: 0 });
        Parent { called: Signal::new(), child: Some(child) }
    });
    rt.emit(parent, Parent::called, 2);
    let child = rt[parent].child.expect("just added");
    assert_eq!(rt[child].calls, 2);
}

/// Something that classes of different kinds can do.
trait Ringing: QObject {
    fn ringing(&self) -> &Signal<()>;
}
slotwire::object_trait!(Ringing);

impl Ringing for Bell {
    fn ringing(&self) -> &Signal<()> {
        self.rung()
    }
}

/// A receiver that knows its sender by a trait only, and mentions itself in its types.
#[derive(QObject)]
struct Sleeper {
    alarm: Obj<dyn Ringing>,
    #[signal]
    woken: Signal<Obj<Self>>,
    #[property]
    neighbour: Property<Option<Obj<Self>>>,
}

#[slots]
impl Sleeper {
    #[slot(alarm.ringing)]
    fn wake(&mut self, cx: &mut Context<Self>) {
        self.woken.emit(cx.this());
    }

    #[slot(self.woken)]
    fn greet(&mut self, sleeper: Obj<Self>) {
        self.set_neighbour(Some(sleeper));
    }
}

#[test]
fn the_sender_of_a_declared_signal_may_be_known_by_a_trait() {
    let mut rt = runtime();
    let bell = rt.add(Bell::default());
    let sleeper = rt.add(Sleeper {
        alarm: bell.upcast(),
        woken: Signal::new(),
        neighbour: Property::default(),
    });
    rt.emit(bell, Bell::rung, ());
    assert_eq!(*rt[sleeper].neighbour(), Some(sleeper));
    assert_eq!(rt.property(sleeper, "neighbour"), Some(Some(sleeper)));
    let meta = Sleeper::static_meta_object();
    assert_eq!(meta.property("neighbour").map(|p| p.type_name()), Some("Option<Obj<Self>>"));
}

/// Public classes are as quiet under strict lints as private ones.
pub mod public {
    use slotwire::prelude::*;

    /// A class that other crates could use.
    #[derive(QObject, Debug, Default)]
    pub struct Lamp {
        #[signal]
        switched: Signal<bool>,
        #[property]
        bright: Property<u8>,
    }

    #[slots]
    impl Lamp {
        #[slot(self.switched)]
        fn switch(&mut self, on: bool) {
            self.set_bright(if on { 100 } else { 0 });
        }
    }
}

#[test]
fn the_accessors_are_as_visible_as_the_class() {
    let mut rt = runtime();
    let lamp = rt.add(public::Lamp::default());
    rt.emit(lamp, public::Lamp::switched, true);
    assert_eq!(*rt[lamp].bright(), 100);
}

/// Classes of one name, as two crates may have them.
mod lamps {
    use slotwire::prelude::*;

    pub(super) mod kitchen {
        use super::*;

        #[derive(QObject, Default)]
        pub(crate) struct Lamp {
            #[signal]
            switched: Signal<bool>,
            #[property]
            bright: Property<u8>,
        }
    }

    pub(super) mod hall {
        use super::*;

        #[derive(QObject, Default)]
        pub(crate) struct Lamp {
            #[signal]
            switched: Signal<u8>,
            #[property]
            bright: Property<u8>,
        }
    }

    pub(super) mod cellar {
        use super::*;

        #[derive(QObject, Default)]
        pub(crate) struct Lamp {
            #[signal]
            switched: Signal<bool>,
            #[property]
            bright: Property<u16>,
        }
    }
}

#[test]
fn classes_of_one_name_are_told_apart_by_what_they_declare() {
    let kitchen = lamps::kitchen::Lamp::static_meta_object();
    let (hall, cellar) =
        (lamps::hall::Lamp::static_meta_object(), lamps::cellar::Lamp::static_meta_object());
    assert_ne!(kitchen, hall, "their signals carry different types");
    assert_ne!(kitchen, cellar, "their properties have different types");
    assert_eq!(kitchen.signals()[0], cellar.signals()[0]);
    assert_eq!(kitchen.properties(), hall.properties());
    assert!(!kitchen.inherits(hall), "one is not the other in any case");
}

/// A class that takes part in the moments of its life.
#[derive(QObject)]
#[qobject(enter = Self::move_in, leave = Self::move_out)]
struct Tenant {
    door: Option<Obj<dyn QObject>>,
    diary: Diary,
    #[signal]
    called: Signal<&'static str>,
}

/// A class that does so too, and extends the first.
#[derive(QObject)]
#[qobject(enter = Self::move_in)]
#[qobject(leave = Self::move_out)]
struct Landlord {
    #[qobject(base)]
    tenant: Tenant,
    #[signal]
    shouted: Signal<&'static str>,
}

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    fn note(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

impl Tenant {
    fn new(diary: &Diary) -> Self {
        Self { door: None, diary: diary.clone(), called: Signal::new() }
    }

    fn move_in(&mut self, anchor: &Anchor<'_>) {
        self.door = Some(anchor.this());
        self.diary.note("the tenant moves in");
    }

    fn move_out(&mut self) {
        self.diary.note("the tenant moves out");
        self.called.emit("farewell");
    }
}

impl Landlord {
    fn new(diary: &Diary) -> Self {
        Self { tenant: Tenant::new(diary), shouted: Signal::new() }
    }

    fn move_in(&mut self, anchor: &Anchor<'_>) {
        assert_eq!(self.tenant.door, Some(anchor.this()), "the base has entered");
        self.tenant.diary.note("the landlord moves in");
    }

    fn move_out(&mut self) {
        self.tenant.diary.note("the landlord moves out");
        self.shouted.emit("good riddance");
    }
}

/// Has a diary note what a signal carries.
fn note_into(diary: &Diary) -> impl FnMut(&mut World, &&'static str) + 'static {
    let diary = diary.clone();
    move |_, what| diary.note(format!("heard {what}"))
}

#[test]
fn a_class_enters_once_and_finds_its_handle() {
    let (mut rt, diary) = (runtime(), Diary::default());
    let tenant = rt.add(Tenant::new(&diary));
    while !rt.deliver() {}
    assert_eq!(rt[tenant].door, Some(tenant.upcast()));
    assert_eq!(diary.take(), ["the tenant moves in"]);
}

#[test]
fn what_a_class_emits_as_it_leaves_is_heard_before_its_end_is() {
    let (mut rt, diary) = (runtime(), Diary::default());
    let tenant = rt.add(Tenant::new(&diary));
    rt.connect_fn(tenant, Tenant::called, note_into(&diary));
    let end = diary.clone();
    rt.connect_destroyed_fn(tenant, move |_, _| end.note("heard of the end"));
    diary.take();
    rt.destroy(tenant);
    assert_eq!(diary.take(), ["the tenant moves out", "heard farewell", "heard of the end"]);
}

#[test]
fn the_base_enters_before_the_class_and_leaves_after_it() {
    let (mut rt, diary) = (runtime(), Diary::default());
    let landlord = rt.add(Landlord::new(&diary));
    assert_eq!(diary.take(), ["the tenant moves in", "the landlord moves in"]);
    rt.connect_fn(landlord.upcast(), Tenant::called, note_into(&diary));
    rt.connect_fn(landlord, Landlord::shouted, note_into(&diary));
    let end = diary.clone();
    rt.connect_destroyed_fn(landlord, move |_, _| end.note("heard of the end"));
    rt.destroy(landlord);
    assert_eq!(
        diary.take(),
        [
            "the landlord moves out",
            "the tenant moves out",
            "heard good riddance",
            "heard farewell",
            "heard of the end",
        ]
    );
}

/// A device by itself, with nothing below it.
#[derive(QObject, Default)]
struct Tape {
    #[qobject(device)]
    device: Device,
    #[signal]
    torn: Signal<()>,
}

impl RawDevice for Tape {
    fn read_data(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
}

#[test]
fn a_class_that_is_a_device_lists_the_signals_of_devices() {
    let names =
        |meta: &MetaObject| -> Vec<_> { meta.signals().iter().map(|it| it.name()).collect() };
    let of_device = ["ready_read", "bytes_written", "about_to_close", "read_channel_finished"];
    let of_channels = ["channel_ready_read", "channel_bytes_written"];
    let of_devices = [&of_device[..], &of_channels].concat();
    assert_eq!(names(Tape::static_meta_object()), [&["torn"], &of_devices[..]].concat());
    assert_eq!(names(QBuffer::static_meta_object()), of_devices);
    assert!(names(QTcpSocket::static_meta_object()).starts_with(&of_devices));
}
