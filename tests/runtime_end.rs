//! What is dropped, and when: at the end of a runtime, and as what was captured or carried goes.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{ConnectionType, SingleShot, VirtualClock};

/// A class whose signal others may hold, too.
struct Shared<A: 'static>(Rc<Signal<A>>);

macro_rules! class {
    ($name:ident, $argument:ty) => {
        #[derive(QObject)]
        struct $name {
            signal: Rc<Signal<$argument>>,
        }
        impl $name {
            fn signal(&self) -> &Signal<$argument> {
                &self.signal
            }
        }
    };
}

type Slot<T> = Rc<RefCell<Option<T>>>;

/// An argument that, as it is copied, ends a signal.
struct Ending(Slot<Rc<Signal<Ending>>>);

impl Clone for Ending {
    fn clone(&self) -> Self {
        let signal = self.0.borrow_mut().take();
        drop(signal);
        Self(self.0.clone())
    }
}

class!(Ender, Ending);

/// Ends its signal while a queued connection of that copies the argument.
#[test]
fn an_argument_may_end_the_signal_as_a_queued_connection_copies_it() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let signal = Rc::new(Signal::new());
    let ender = rt.add(Ender { signal: signal.clone() });
    rt.connect_fn_with(ConnectionType::QUEUED, ender, Ender::signal, |_, _| ());
    // The last to hold the signal is the argument.
    rt.with(ender, |ender, _| {
        let shared = Shared(std::mem::take(&mut ender.signal));
        drop(signal);
        let slot = Rc::new(RefCell::new(Some(shared.0.clone())));
        shared.0.emit(Ending(slot));
    });
    rt.process_events(Some(Duration::ZERO)).unwrap();
}

struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

fn drop_catching(rt: Runtime) {
    let result = catch_unwind(AssertUnwindSafe(|| drop(rt)));
    assert!(result.is_err());
}

#[test]
fn a_capture_that_panics_at_the_end_of_the_runtime_keeps_no_other_closure() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let captured = Rc::new(());
    let panics = PanicOnDrop;
    rt.post(move |_| drop(panics));
    let kept = captured.clone();
    rt.post(move |_| drop(kept));
    rt.single_shot_fn(Duration::ZERO, |_| ());
    drop_catching(rt);
    assert_eq!(Rc::strong_count(&captured), 1, "what the other call captured is dropped");
}

#[derive(QObject)]
struct Bomb {
    _panics: PanicOnDrop,
}

#[test]
fn an_object_that_panics_at_the_end_of_the_runtime_keeps_no_closure() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let captured = Rc::new(());
    rt.add(Bomb { _panics: PanicOnDrop });
    let kept = captured.clone();
    rt.post(move |_| drop(kept));
    rt.single_shot_fn(Duration::ZERO, |_| ());
    drop_catching(rt);
    assert_eq!(Rc::strong_count(&captured), 1, "what the call captured is dropped");
}

#[test]
fn what_is_posted_goes_with_the_runtime() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let captured = Rc::new(());
    let kept = captured.clone();
    rt.post(move |_| drop(kept));
    rt.single_shot_fn(Duration::ZERO, |_| ());
    drop(rt);
    assert_eq!(Rc::strong_count(&captured), 1);
}

class!(Last, Rc<()>);

/// Emits as it is dropped.
struct Farewell(Rc<Signal<Rc<()>>>, Rc<()>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.emit(self.1.clone());
    }
}

#[test]
fn what_a_capture_emits_as_the_queue_is_cleared_is_dropped_as_well() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let argument = Rc::new(());
    let signal = Rc::new(Signal::new());
    let last = rt.add(Last { signal: signal.clone() });
    rt.connect_fn(last, Last::signal, |_, _| ());
    let farewell = Farewell(signal, argument.clone());
    rt.post(move |_| drop(farewell));
    drop(rt);
    assert_eq!(Rc::strong_count(&argument), 1, "the argument of the last emission is dropped");
}

/// Starts a timer of its own as it is dropped, and asks after a call that went before.
#[derive(QObject)]
struct Late {
    #[qobject(base)]
    timer: QTimer,
    shot: Slot<SingleShot>,
    was_active: Rc<Cell<Option<bool>>>,
}

impl Drop for Late {
    fn drop(&mut self) {
        self.timer.start_with(Duration::from_secs(9));
        let active = self.shot.borrow().as_ref().map(SingleShot::is_active);
        self.was_active.set(active);
    }
}

#[test]
fn a_key_of_a_timer_finds_no_other_timer_after_all_were_cleared() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let (shot, was_active) = (Slot::default(), Rc::new(Cell::new(None)));
    rt.add(Late { timer: QTimer::new(), shot: shot.clone(), was_active: was_active.clone() });
    *shot.borrow_mut() = Some(rt.single_shot_fn(Duration::from_secs(5), |_| ()));
    drop(rt);
    assert_eq!(was_active.get(), Some(false), "its call was dropped with the runtime");
}

/// Says its number as it is dropped.
struct Number(u32, Rc<RefCell<Vec<u32>>>);

impl Drop for Number {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

fn remote_drops() -> Vec<u32> {
    use std::sync::{Arc, Mutex};
    struct Sent(u32, Arc<Mutex<Vec<u32>>>);
    impl Drop for Sent {
        fn drop(&mut self) {
            self.1.lock().unwrap().push(self.0);
        }
    }
    let rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let remote = rt.remote();
    for n in 0..2 {
        let one = Sent(2 * n, log.clone());
        remote.post(move |_| drop(one)).unwrap();
        let two = Sent(2 * n + 1, log.clone());
        remote.post(move |_| drop(two)).unwrap();
    }
    drop(rt);
    Arc::try_unwrap(log).unwrap().into_inner().unwrap()
}

#[test]
fn remote_posts_that_are_not_made_are_dropped_in_their_order() {
    assert_eq!(remote_drops(), [0, 1, 2, 3]);
}

#[test]
fn own_posts_that_are_not_made_are_dropped_in_their_order() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let log = Rc::new(RefCell::new(Vec::new()));
    for n in 0..2 {
        let one = Number(2 * n, log.clone());
        rt.post(move |_| drop(one));
        let two = Number(2 * n + 1, log.clone());
        rt.post(move |_| drop(two));
    }
    drop(rt);
    assert_eq!(*log.borrow(), [0, 1, 2, 3]);
}
