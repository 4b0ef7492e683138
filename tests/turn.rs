//! A turn is bounded: what does not end leaves room for everything else.

mod people;

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use people::{Log, Person, deliver_all, panic_message, runtime};
use slotwire::prelude::*;
use slotwire::{Allowance, Clock, NotifierType, QSocketNotifier, TimerType, VirtualClock};

/// More emissions, one in the slot of another, than one turn delivers.
const LONG: u32 = 1_200_000;

/// Two people who answer each other for ever.
struct Quarrel {
    alice: Obj<Person>,
    bob: Obj<Person>,
    /// How often an answer was given.
    answers: Rc<Cell<u32>>,
}

impl Quarrel {
    fn new(rt: &mut Runtime) -> Self {
        Self::with_patience(rt, u32::MAX)
    }

    /// A quarrel in which alice's words first take some time.
    fn after(rt: &mut Runtime, toil: impl Fn() + 'static) -> Self {
        Self::of(rt, u32::MAX, toil)
    }

    /// Whoever is to give the last answer panics.
    fn with_patience(rt: &mut Runtime, patience: u32) -> Self {
        Self::of(rt, patience, || ())
    }

    fn of(rt: &mut Runtime, patience: u32, toil: impl Fn() + 'static) -> Self {
        let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &Log::default())));
        let answers = Rc::new(Cell::new(0));
        rt.connect_fn(alice, Person::said, move |_, _| toil());
        for (from, to) in [(alice, bob), (bob, alice)] {
            let answers = answers.clone();
            rt.connect_fn_on(from, Person::said, to, move |person, _, n| {
                answers.set(answers.get() + 1);
                assert!(answers.get() < patience, "enough");
                person.said.emit(*n);
            });
        }
        Self { alice, bob, answers }
    }
}

#[test]
fn two_objects_that_answer_each_other_for_ever_give_the_turn_back() {
    let mut rt = runtime();
    let quarrel = Quarrel::new(&mut rt);
    rt.emit(quarrel.alice, Person::said, 0);
    let first = quarrel.answers.take();
    assert!(!rt.deliver());
    let answers = quarrel.answers.take();
    assert!(0 < answers && answers < first, "what has no end gets less");
    for _ in 0..3 {
        assert!(!rt.deliver());
        assert!(quarrel.answers.take().abs_diff(answers) <= 1, "each turn does as much");
    }
}

/// Alice, and Bob, who counts down from what she says; then it is Carol's turn to hear her.
fn count_down(rt: &mut Runtime, log: &Log) -> (Obj<Person>, Obj<Person>) {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| rt.add(Person::new(name, log)));
    rt.connect_fn_on(alice, Person::said, bob, |bob, _, n| bob.said.emit(*n));
    rt.connect_fn_on(bob, Person::said, bob, |bob, _, n| {
        if *n > 0 {
            bob.said.emit(n - 1);
        }
    });
    rt.connect(alice, Person::said, carol, Person::hear);
    (alice, bob)
}

#[test]
fn a_suspended_turn_goes_on_in_order() {
    let (mut rt, log) = (runtime(), Log::default());
    let (alice, bob) = count_down(&mut rt, &log);
    let spy = rt.spy(bob, Person::said);
    rt.emit(alice, Person::said, LONG);
    assert_eq!(log.take(), Vec::<String>::new());
    deliver_all(&mut rt);
    assert_eq!(log.take(), [format!("carol hears {LONG}")]);
    let mut counted = spy.take();
    counted.sort();
    assert!(counted.into_iter().eq(0..=LONG));
}

#[test]
fn others_are_heard_while_two_quarrel() {
    let (mut rt, log) = (runtime(), Log::default());
    let quarrel = Quarrel::new(&mut rt);
    rt.emit(quarrel.alice, Person::said, 0);
    let carol = rt.add(Person::new("carol", &log));
    let dave = rt.add(Person::new("dave", &log));
    rt.connect(carol, Person::said, dave, Person::hear);
    rt.emit(carol, Person::said, 1);
    rt.with(carol, |carol, _| carol.said.emit(2));
    rt[carol].said.emit(3);
    rt.deliver();
    assert_eq!(log.take(), ["dave hears 1", "dave hears 2", "dave hears 3"]);
    assert!(!rt.deliver());
}

#[test]
fn two_quarrels_take_turns() {
    let mut rt = runtime();
    let quarrels = [Quarrel::new(&mut rt), Quarrel::new(&mut rt)];
    for quarrel in &quarrels {
        rt.emit(quarrel.alice, Person::said, 0);
    }
    for _ in 0..4 {
        quarrels.iter().for_each(|quarrel| quarrel.answers.set(0));
        assert!(!rt.deliver());
        assert!(quarrels.iter().all(|quarrel| quarrel.answers.get() > 0));
    }
}

#[test]
fn a_quarrel_ends_with_one_of_the_two() {
    let mut rt = runtime();
    let Quarrel { alice, bob, .. } = Quarrel::new(&mut rt);
    rt.emit(alice, Person::said, 0);
    rt.destroy(bob);
    deliver_all(&mut rt);
    assert!(rt.contains(alice) && !rt.contains(bob));
}

#[test]
fn a_panic_in_one_quarrel_leaves_the_other() {
    let mut rt = runtime();
    let short = Quarrel::with_patience(&mut rt, LONG);
    let long = Quarrel::new(&mut rt);
    rt.emit(short.alice, Person::said, 0);
    rt.emit(long.alice, Person::said, 0);
    panic_message(|| while !rt.deliver() {});
    long.answers.take();
    assert!(!rt.deliver());
    assert!(long.answers.get() > 0);
    assert!(rt.contains(short.alice) != rt.contains(short.bob), "one of the two is lost");
}

#[test]
fn a_quarrel_begun_outside_does_not_bury_what_an_earlier_turn_left() {
    let (mut rt, log) = (runtime(), Log::default());
    let (alice, _) = count_down(&mut rt, &log);
    let quarrel = Quarrel::new(&mut rt);
    rt.emit(alice, Person::said, LONG);
    rt[quarrel.alice].said.emit(0);
    for _ in 0..40 {
        assert!(!rt.deliver());
    }
    assert_eq!(log.take(), [format!("carol hears {LONG}")]);
}

#[test]
fn a_suspended_turn_that_ends_in_a_panic_leaves_nothing_to_wait_for() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt.connect_fn_on(bob, Person::said, bob, |bob, _, n| {
        if *n > 0 {
            bob.said.emit(n - 1);
        }
    });
    rt.connect_signal(alice, Person::said, bob, Person::said);
    rt.connect_fn(alice, Person::said, |_, n| assert!(*n == 0, "at the very end"));
    let captured = Rc::new(());
    let held = captured.clone();
    let connection = rt.connect_fn(bob, Person::wrote, move |_, _| {
        assert!(Rc::strong_count(&held) > 0);
    });
    rt.emit(alice, Person::said, LONG);
    assert_eq!(panic_message(|| while !rt.deliver() {}), "at the very end");
    // Nothing is under way, so this takes effect at once.
    assert!(connection.disconnect());
    assert_eq!(Rc::strong_count(&captured), 1);
}

/// A clock that stands still but for what slots take, and that gives a pass 10 ms, as the system's
/// does.
#[derive(Clone)]
struct Toil(VirtualClock);

impl Clock for Toil {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn sleep(&self, timeout: Option<Duration>) -> Option<Duration> {
        self.0.sleep(timeout)
    }

    fn waited(&self, timeout: Duration) {
        self.0.waited(timeout);
    }

    fn allowance(&self) -> Allowance {
        Allowance::Time(Duration::from_millis(10))
    }
}

thread_local! {
    /// The clock of this thread's runtime.
    static TICKING: RefCell<Option<VirtualClock>> = const { RefCell::new(None) };
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// How many numbers are said in one go, where they are more than a pass leaves room for.
const EACH: u32 = 5_000;

/// What keeps a loop busy without end, by calls that take so long each.
fn keep_busy(rt: &mut Runtime, clock: &VirtualClock, with: &str, each: Duration) {
    let toil = {
        let clock = clock.clone();
        move || clock.advance(each)
    };
    match with {
        "a quarrel" => {
            let quarrel = Quarrel::after(rt, toil);
            rt[quarrel.alice].said.emit(0);
        }
        "posts" => {
            fn again(world: &mut World, toil: Rc<dyn Fn()>) {
                toil();
                world.post(move |world| again(world, toil));
            }
            // As many as a pass can never make.
            for _ in 0..50_000 {
                let toil = Rc::new(toil.clone());
                rt.post(move |world| again(world, toil));
            }
        }
        "posts of another thread" => {
            // The calls cannot bring the clock along, and find it in the loop's thread.
            TICKING.set(Some(clock.clone()));
            let remote = rt.remote();
            let poster = thread::spawn(move || {
                for _ in 0..50_000 {
                    let call = move |_: &mut World| {
                        TICKING.with_borrow(|clock| clock.as_ref().unwrap().advance(each));
                    };
                    remote.post(call).unwrap();
                }
            });
            poster.join().unwrap();
        }
        "timers" => {
            for _ in 0..2_000 {
                let timer = rt.add(QTimer::new());
                let toil = toil.clone();
                rt.connect_fn(timer, QTimer::timeout, move |_, ()| toil());
                rt[timer].start();
            }
        }
        "ready descriptors" => {
            for _ in 0..200 {
                let (ours, mut theirs) = UnixStream::pair().unwrap();
                theirs.write_all(b"never read").unwrap();
                let notifier = rt.add(QSocketNotifier::new(&ours, NotifierType::Read).unwrap());
                let (toil, kept) = (toil.clone(), (ours, theirs));
                rt.connect_fn(notifier, QSocketNotifier::activated, move |_, _| {
                    let _ = &kept;
                    toil();
                });
            }
        }
        _ => unreachable!("nothing is known of {with}"),
    }
}

/// A runtime that goes by what its slots take.
fn toiling() -> (Runtime, VirtualClock) {
    let clock = VirtualClock::new();
    (Runtime::with_clock(Toil(clock.clone())).unwrap(), clock)
}

#[test]
fn a_timer_ticks_and_a_socket_is_served_whatever_goes_on_without_end() {
    let works = ["a quarrel", "posts", "posts of another thread", "timers", "ready descriptors"];
    for with in works {
        for each in [Duration::from_micros(10), MILLISECOND] {
            if each == MILLISECOND && matches!(with, "a quarrel" | "timers") {
                // A thousand deliveries of a cascade are not cut, and timers that are due fire in
                // their order: both take longer than that.
                continue;
            }
            let (mut rt, clock) = toiling();
            let ticks = Rc::new(RefCell::new(Vec::new()));
            let timer = rt.add(QTimer::new());
            let (noted, now) = (ticks.clone(), clock.clone());
            rt.connect_fn(timer, QTimer::timeout, move |_, ()| {
                noted.borrow_mut().push(now.elapsed())
            });
            rt[timer].set_timer_type(TimerType::Precise);
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let heard = rt.add(QSocketNotifier::new(&ours, NotifierType::Read).unwrap());
            let heard = rt.spy(heard, QSocketNotifier::activated);
            keep_busy(&mut rt, &clock, with, each);
            rt[timer].start_with(10 * MILLISECOND);
            theirs.write_all(b"hello").unwrap();
            let begin = clock.elapsed();
            let mut passes = 0;
            while ticks.borrow().is_empty() || heard.is_empty() {
                rt.process_events(Some(10 * MILLISECOND)).unwrap();
                passes += 1;
                assert!(passes < 100, "{with}, {each:?} each");
            }
            let first = ticks.borrow()[0] - begin;
            assert!(
                first <= 50 * MILLISECOND,
                "{with}, {each:?} each: the first tick after {first:?}"
            );
        }
    }
}

#[test]
fn a_cascade_of_a_thousand_deliveries_is_not_cut_however_long_it_takes() {
    let (mut rt, clock) = toiling();
    let log = Log::default();
    let (alice, bob) = count_down(&mut rt, &log);
    rt.connect_fn(bob, Person::said, move |_, _| clock.advance(MILLISECOND));
    let dave = rt.add(Person::new("dave", &log));
    let erin = rt.add(Person::new("erin", &log));
    rt.connect(dave, Person::said, erin, Person::hear);
    // Each number is two deliveries: to bob and to the clock.
    rt[alice].said.emit(300);
    rt.post(move |world| world[dave].said.emit(1));
    rt.process_events(Some(Duration::ZERO)).unwrap();
    assert_eq!(log.take(), ["carol hears 300", "erin hears 1"]);
}

#[test]
fn what_a_pass_has_not_come_to_keeps_its_order_and_counts_as_work() {
    let (mut rt, clock) = toiling();
    let journal = Rc::new(RefCell::new(Vec::new()));
    for number in 0..100 {
        let (journal, clock) = (journal.clone(), clock.clone());
        rt.post(move |_| {
            journal.borrow_mut().push(number);
            clock.advance(MILLISECOND);
        });
    }
    rt.process_events(Some(Duration::ZERO)).unwrap();
    let made = journal.borrow().len();
    assert!(0 < made && made < 100, "{made} of 100 calls take no more than a pass");
    assert_eq!(rt.next_deadline(), Some(Toil(clock).now()), "there is work");
    while journal.borrow().len() < 100 {
        rt.process_events(Some(Duration::ZERO)).unwrap();
    }
    assert!(journal.borrow().iter().copied().eq(0..100));
}

#[test]
fn a_pass_of_a_virtual_clock_goes_by_a_count_alone() {
    let made = |times: u32| {
        let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
        let calls = Rc::new(Cell::new(0));
        for _ in 0..100_000 {
            let calls = calls.clone();
            rt.post(move |_| calls.set(calls.get() + 1));
        }
        for _ in 0..times {
            rt.process_events(Some(Duration::ZERO)).unwrap();
        }
        calls.get()
    };
    let once = made(1);
    assert!((1_024..=16_384).contains(&once), "{once} calls");
    assert_eq!((made(1), made(2)), (once, 2 * once));
}

#[test]
fn a_signal_with_very_many_slots_leaves_room_between_them() {
    let (mut rt, clock) = toiling();
    let alice = rt.add(Person::new("alice", &Log::default()));
    let called = Rc::new(RefCell::new(Vec::new()));
    for number in 0..5_000 {
        let (called, clock) = (called.clone(), clock.clone());
        rt.connect_fn(alice, Person::said, move |_, _| {
            called.borrow_mut().push(number);
            clock.advance(Duration::from_micros(10));
        });
    }
    rt[alice].said.emit(1);
    rt.process_events(Some(Duration::ZERO)).unwrap();
    let first = called.borrow().len();
    assert!((1_024..5_000).contains(&first), "{first} of 5,000 in one pass");
    while called.borrow().len() < 5_000 {
        rt.process_events(Some(Duration::ZERO)).unwrap();
    }
    assert!(called.borrow().iter().copied().eq(0..5_000));
    called.take();
    rt.emit(alice, Person::said, 2);
    assert!(called.borrow().iter().copied().eq(0..5_000), "outside a pass a count decides");
}

/// Has alice say the next numbers each time that the notifier is ready, more than a pass can take.
fn speak_when_ready(rt: &mut Runtime, notifier: Obj<QSocketNotifier>, alice: Obj<Person>) {
    let next = Cell::new(0);
    rt.connect_fn_on(notifier, QSocketNotifier::activated, alice, move |alice, _, _| {
        for number in next.get()..next.get() + EACH {
            alice.said.emit(number);
        }
        next.set(next.get() + EACH);
    });
}

#[test]
fn what_comes_from_an_object_does_not_overtake_what_came_from_it_before() {
    let (mut rt, clock) = toiling();
    let (alice, heard) = slow_alice(&mut rt, &clock);
    let (notifier, _streams) = ready_notifier(&mut rt);
    speak_when_ready(&mut rt, notifier, alice);
    while heard.borrow().len() < 3 * EACH as usize {
        pass(&mut rt);
    }
    assert!(heard.borrow().iter().copied().eq(0..heard.borrow().len() as u32));
}

/// Lets the loop make a pass that does not wait.
fn pass(rt: &mut Runtime) {
    rt.process_events(Some(Duration::ZERO)).unwrap();
}

/// How long what `each` delivery takes, where nothing else is said.
const TEN_MICROSECONDS: Duration = Duration::from_micros(10);

/// Alice, whose words take some time to be heard, and what was heard of them.
fn slow_alice(rt: &mut Runtime, clock: &VirtualClock) -> (Obj<Person>, Rc<RefCell<Vec<u32>>>) {
    let alice = rt.add(Person::new("alice", &Log::default()));
    let heard = Rc::new(RefCell::new(Vec::new()));
    let (noted, clock) = (heard.clone(), clock.clone());
    rt.connect_fn(alice, Person::said, move |_, &number| {
        noted.borrow_mut().push(number);
        clock.advance(TEN_MICROSECONDS);
    });
    (alice, heard)
}

/// A notifier whose descriptor is ready for ever.
fn ready_notifier(rt: &mut Runtime) -> (Obj<QSocketNotifier>, [UnixStream; 2]) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"never read").unwrap();
    let notifier = rt.add(QSocketNotifier::new(&ours, NotifierType::Read).unwrap());
    (notifier, [ours, theirs])
}

/// The streams of a notifier that begins a quarrel, and so is held up from then on.
fn quarrelsome_notifier(rt: &mut Runtime, clock: &VirtualClock) -> [UnixStream; 2] {
    let (notifier, streams) = ready_notifier(rt);
    let clock = clock.clone();
    let quarrel = Quarrel::after(rt, move || clock.advance(TEN_MICROSECONDS / 10));
    rt.connect_fn_on(notifier, QSocketNotifier::activated, quarrel.alice, |alice, _, _| {
        alice.said.emit(0);
    });
    streams
}

#[test]
fn after_a_panic_the_turns_of_others_are_not_taken_for_those_of_the_object_that_panicked() {
    let (mut rt, clock) = toiling();
    let (notifier, _streams) = ready_notifier(&mut rt);
    let panics = Cell::new(true);
    rt.connect_fn(notifier, QSocketNotifier::activated, move |_, _| {
        assert!(!panics.replace(false), "once");
    });
    let activated = rt.spy(notifier, QSocketNotifier::activated);
    assert_eq!(panic_message(|| pass(&mut rt)), "once");
    activated.take();
    let quarrel = Quarrel::after(&mut rt, move || clock.advance(TEN_MICROSECONDS));
    rt.emit(quarrel.alice, Person::said, 0);
    for _ in 0..3 {
        pass(&mut rt);
    }
    assert!(!activated.is_empty(), "the quarrel holds up the notifier");
}

#[test]
fn what_other_turns_have_made_does_not_let_anything_overtake() {
    let (mut rt, clock) = toiling();
    let (alice, heard) = slow_alice(&mut rt, &clock);
    // Turns that use up the allowance of their pass just when nothing is left of them.
    for _ in 0..600 {
        rt.post(move |world| {
            for _ in 0..2_048 {
                world[alice].said.emit(0);
            }
        });
        pass(&mut rt);
        assert_eq!(heard.take().len(), 2_048);
    }
    let (notifier, _streams) = ready_notifier(&mut rt);
    speak_when_ready(&mut rt, notifier, alice);
    while heard.borrow().len() < 3 * EACH as usize {
        pass(&mut rt);
    }
    assert!(heard.borrow().is_sorted());
}

#[test]
fn a_cascade_of_six_hundred_slots_is_not_cut_nor_overtaken() {
    let (mut rt, clock) = toiling();
    let log = Log::default();
    let [alice, dave, erin] = ["alice", "dave", "erin"].map(|name| rt.add(Person::new(name, &log)));
    let noted = log.clone();
    rt.connect_fn(alice, Person::said, move |_, &number| {
        clock.advance(MILLISECOND / 10);
        if number == 599 {
            noted.add("alice has said it all");
        }
    });
    rt.connect(dave, Person::said, erin, Person::hear);
    // The time is looked at before.
    rt.post(|_| ());
    rt.post(|_| ());
    rt.post(move |world| {
        for number in 0..600 {
            world[alice].said.emit(number);
        }
    });
    rt.post(move |world| world[dave].said.emit(1));
    while rt.next_deadline().is_some() {
        pass(&mut rt);
    }
    assert_eq!(log.take(), ["alice has said it all", "erin hears 1"]);
}

#[test]
fn a_count_counts_each_slot_once_whatever_goes_on_beside() {
    let called = |beside: bool| {
        let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
        let calls = Rc::new(Cell::new(0_u32));
        for _ in 0..200 {
            let timer = rt.add(QTimer::new());
            for _ in 0..1_000 {
                let calls = calls.clone();
                rt.connect_fn(timer, QTimer::timeout, move |_, ()| calls.set(calls.get() + 1));
            }
            rt[timer].start();
        }
        if beside {
            rt.single_shot_fn(Duration::ZERO, |world| world.post(|_| ()));
        }
        pass(&mut rt);
        calls.get()
    };
    for beside in [false, true] {
        let calls = called(beside);
        assert!((15_000..=17_000).contains(&calls), "{calls} calls in a pass of 16,384");
    }
}

#[test]
fn timers_that_nobody_hears_count_one_each() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let quarrel = Quarrel::new(&mut rt);
    rt[quarrel.alice].said.emit(0);
    let timers: Vec<_> = (0..2_000)
        .map(|_| {
            let timer = rt.add(QTimer::new());
            rt[timer].set_single_shot(true);
            rt[timer].start();
            timer
        })
        .collect();
    pass(&mut rt);
    let fired = timers.iter().filter(|&&timer| !rt[timer].is_active()).count();
    assert!(fired == 2_000, "{fired} of 2,000 timers");
}

#[test]
fn what_was_just_done_outside_the_loop_is_delivered_at_once_though_two_quarrel() {
    let mut rt = runtime();
    let quarrel = Quarrel::new(&mut rt);
    rt.emit(quarrel.alice, Person::said, 0);
    let carol = rt.add(Person::new("carol", &Log::default()));
    let heard = rt.spy(carol, Person::said);
    for number in 0..100_000 {
        rt[carol].said.emit(number);
    }
    assert!(!rt.deliver(), "the quarrel goes on");
    assert!(heard.take().into_iter().eq(0..100_000));

    let parent = rt.add(Person::new("parent", &Log::default()));
    let gone = Rc::new(Cell::new(0));
    for _ in 0..50_000 {
        let child = rt.add_child_of(parent, Person::new("child", &Log::default()));
        let gone = gone.clone();
        rt.connect_destroyed_fn(child, move |_, _| gone.set(gone.get() + 1));
    }
    rt.destroy(parent);
    assert!(!rt.contains(parent), "{} of 50,000 children are gone", gone.get());
}

#[test]
fn dear_calls_after_cheap_ones_do_not_keep_a_timer_waiting() {
    const CALLS: u32 = 2_048;
    for by in ["posts", "posts of another thread"] {
        let (mut rt, clock) = toiling();
        let timer = rt.add(QTimer::new());
        rt[timer].set_timer_type(TimerType::Precise);
        let ticks = rt.spy(timer, QTimer::timeout);
        TICKING.set(Some(clock.clone()));
        let remote = rt.remote();
        for number in 0..CALLS {
            let call = move |_: &mut World| {
                if number >= CALLS / 2 {
                    TICKING.with_borrow(|clock| clock.as_ref().unwrap().advance(MILLISECOND));
                }
            };
            match by {
                "posts" => rt.post(call),
                _ => remote.post(call).unwrap(),
            }
        }
        rt[timer].start_with(10 * MILLISECOND);
        while ticks.is_empty() {
            pass(&mut rt);
        }
        assert!(clock.elapsed() <= 50 * MILLISECOND, "{by}: the first tick after {clock:?}");
    }
}

#[test]
fn what_was_put_aside_goes_on_soon_though_twenty_quarrel() {
    let (mut rt, clock) = toiling();
    let _quarrels: Vec<_> = (0..20).map(|_| quarrelsome_notifier(&mut rt, &clock)).collect();
    for _ in 0..40 {
        pass(&mut rt);
    }
    let (alice, heard) = slow_alice(&mut rt, &clock);
    let (notifier, _streams) = ready_notifier(&mut rt);
    rt.connect_fn_on(notifier, QSocketNotifier::activated, alice, |alice, _, _| {
        for number in 0..EACH {
            alice.said.emit(number);
        }
    });
    let begin = clock.elapsed();
    while heard.borrow().len() < EACH as usize {
        pass(&mut rt);
    }
    let took = clock.elapsed() - begin;
    // The cascade itself takes 50 ms.
    assert!(took <= 250 * MILLISECOND, "{took:?}");
}

#[test]
fn a_timer_whose_slots_take_longer_than_its_interval_drops_ticks_and_keeps_their_order() {
    let (mut rt, clock) = toiling();
    let (alice, heard) = slow_alice(&mut rt, &clock);
    let timer = rt.add(QTimer::new());
    let ticks = Rc::new(Cell::new(0));
    let counted = ticks.clone();
    rt.connect_fn_on(timer, QTimer::timeout, alice, move |alice, _, ()| {
        for number in 0..EACH {
            alice.said.emit(counted.get() * EACH + number);
        }
        counted.set(counted.get() + 1);
    });
    rt[timer].start_with(10 * MILLISECOND);
    for _ in 0..300 {
        rt.process_events(Some(10 * MILLISECOND)).unwrap();
    }
    let done = heard.borrow().len() as u32 / EACH;
    assert!(ticks.get() - done <= 1, "{} ticks, and all was heard of {done}", ticks.get());
    assert!(heard.borrow().is_sorted() && done > 10);
}

#[test]
fn a_single_shot_that_is_held_up_is_late_and_not_lost_nor_rung_when_it_was_stopped() {
    for is_stopped in [false, true] {
        let (mut rt, clock) = toiling();
        let (alice, heard) = slow_alice(&mut rt, &clock);
        let timer = rt.add(QTimer::new());
        let timeouts = rt.spy(timer, QTimer::timeout);
        rt.connect_fn_on(timer, QTimer::timeout, alice, move |alice, cx, ()| {
            if heard.borrow().is_empty() {
                cx[timer].set_single_shot(true);
                cx[timer].start_with(MILLISECOND);
                (0..EACH).for_each(|number| alice.said.emit(number));
            }
        });
        rt[timer].start_with(MILLISECOND);
        while timeouts.is_empty() {
            rt.process_events(None).unwrap();
        }
        pass(&mut rt);
        assert_eq!(timeouts.len(), 1, "it is held up");
        assert!(rt.next_deadline().is_some_and(|deadline| deadline <= Toil(clock.clone()).now()));
        if is_stopped {
            rt[timer].stop();
        }
        while rt.next_deadline().is_some() {
            pass(&mut rt);
        }
        assert_eq!(timeouts.len(), if is_stopped { 1 } else { 2 });
    }
}

#[test]
fn work_in_pieces_is_done_piece_by_piece() {
    /// Says a piece, and asks for the next one.
    fn go_on(alice: &mut Person, cx: &mut Context<'_, Person>, piece: u32) {
        for number in 0..EACH {
            alice.said.emit(piece * EACH + number);
        }
        cx.invoke(cx.this(), go_on, piece + 1);
    }
    let (mut rt, clock) = toiling();
    let (alice, heard) = slow_alice(&mut rt, &clock);
    rt.invoke(alice, go_on, 0);
    for _ in 0..300 {
        pass(&mut rt);
        let last = heard.borrow().last().copied().unwrap_or(0);
        assert_eq!(last as usize + 1, heard.borrow().len(), "a piece has overtaken another");
    }
    assert!(heard.borrow().len() > 10 * EACH as usize);
}

#[test]
fn a_limit_bounds_what_other_threads_have_begun_and_the_loop_has_not_ended() {
    let (mut rt, clock) = toiling();
    let (alice, heard) = slow_alice(&mut rt, &clock);
    let remote = rt.remote().with_limit(4);
    let begun = Arc::new(AtomicU32::new(0));
    for _ in 0..300 {
        let post = || {
            let begun = begun.clone();
            remote.post(move |world| {
                let call = begun.fetch_add(1, Ordering::Relaxed);
                (0..EACH).for_each(|number| world[alice].said.emit(call * EACH + number));
            })
        };
        while post().is_ok() {}
        pass(&mut rt);
        let done = heard.borrow().len() as u32 / EACH;
        assert!(begun.load(Ordering::Relaxed) - done <= 1, "{done} of {begun:?} calls are done");
    }
    assert!(heard.borrow().is_sorted());
}

#[test]
fn a_posted_call_without_end_holds_up_the_others_for_a_while_only() {
    for by in ["posts", "posts of another thread"] {
        let (mut rt, clock) = toiling();
        let quarrel = Quarrel::after(&mut rt, move || clock.advance(TEN_MICROSECONDS / 10));
        let begin = move |world: &mut World| world[quarrel.alice].said.emit(0);
        let remote = rt.remote();
        match by {
            "posts" => {
                rt.post(begin);
                rt.post(|world| world.quit());
            }
            _ => {
                remote.post(begin).unwrap();
                remote.quit().unwrap();
            }
        }
        rt.exec().unwrap();
        assert!(quarrel.answers.get() <= 100_000, "{by}: {}", quarrel.answers.get());
    }
}

#[test]
fn a_notifier_is_served_while_many_others_are_held_up_and_go_on_hearing() {
    let (mut rt, clock) = toiling();
    let mut streams: Vec<_> = (0..32).map(|_| quarrelsome_notifier(&mut rt, &clock)).collect();
    // More readiness than the kernel tells at once.
    for _ in 0..40 {
        for [_, theirs] in &mut streams {
            theirs.write_all(b"more").unwrap();
        }
        pass(&mut rt);
    }
    let (notifier, _streams) = ready_notifier(&mut rt);
    let activated = rt.spy(notifier, QSocketNotifier::activated);
    for _ in 0..3 {
        pass(&mut rt);
    }
    assert!(!activated.is_empty());
}
