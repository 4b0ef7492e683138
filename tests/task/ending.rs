//! The end of tasks: outputs, aborting, owners, panics, and the end of the runtime.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use slotwire::prelude::*;

use crate::people::{Log, Person, panic_message};
use crate::{pass, runtime};

/// Adds a word to the log when it is dropped.
struct Farewell(Log, &'static str);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.add(self.1);
    }
}

/// Spawns a task that notes what becomes of another.
fn note<O: std::fmt::Debug + 'static>(
    rt: &mut Runtime,
    log: &Log,
    handle: slotwire::JoinHandle<O>,
) {
    let log = log.clone();
    rt.spawn(async move |_| log.add(format!("{:?}", handle.await)));
}

#[test]
fn the_output_of_a_task_is_awaited_by_its_handle() {
    let (mut rt, log) = (runtime(), Log::default());
    let handle = rt.spawn(async |task| {
        task.sleep(Duration::from_secs(1)).await;
        "done".to_owned()
    });
    note(&mut rt, &log, handle);
    pass(&mut rt);
    assert!(log.take().is_empty());
    pass_until_quiet(&mut rt);
    assert_eq!(log.take(), [r#"Ok("done")"#]);
}

/// Makes passes until the loop has nothing to do and no timer is armed.
fn pass_until_quiet(rt: &mut Runtime) {
    while rt.next_deadline().is_some() {
        rt.process_events(None).unwrap();
    }
}

#[test]
fn a_dropped_handle_leaves_its_task_alone() {
    let (mut rt, log) = (runtime(), Log::default());
    let noted = log.clone();
    drop(rt.spawn(async move |task| {
        task.yield_now().await;
        noted.add("ran");
    }));
    pass_until_quiet(&mut rt);
    assert_eq!(log.take(), ["ran"]);
}

#[test]
fn an_aborted_task_is_dropped_by_the_loop_and_not_polled_any_more() {
    let (mut rt, log) = (runtime(), Log::default());
    let noted = log.clone();
    let handle = rt.spawn(async move |_| {
        let _farewell = Farewell(noted.clone(), "dropped");
        pending::<()>().await;
    });
    pass(&mut rt);
    assert!(!handle.is_finished() && handle.abort() && !handle.abort());
    assert!(log.take().is_empty() && !handle.is_finished());
    pass(&mut rt);
    assert!(handle.is_finished());
    note(&mut rt, &log, handle);
    pass(&mut rt);
    assert_eq!(log.take(), ["dropped", "Err(Aborted)"]);
}

#[test]
fn a_task_that_aborts_itself_runs_up_to_its_next_await() {
    let (mut rt, log) = (runtime(), Log::default());
    let noted = log.clone();
    let own = Rc::new(RefCell::new(None::<slotwire::JoinHandle<()>>));
    let kept = own.clone();
    let handle = rt.spawn(async move |task| {
        let _farewell = Farewell(noted.clone(), "dropped");
        assert!(kept.borrow().as_ref().unwrap().abort());
        noted.add("still runs");
        task.yield_now().await;
        noted.add("never");
    });
    *own.borrow_mut() = Some(handle);
    pass_until_quiet(&mut rt);
    assert_eq!(log.take(), ["still runs", "dropped"]);
    assert!(own.take().unwrap().is_finished());
}

#[test]
fn a_task_ends_with_the_object_that_owns_it_after_the_turn() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log).mourned());
    let noted = log.clone();
    let handle = rt.spawn_on(alice, async move |_| {
        let _farewell = Farewell(noted.clone(), "task dropped");
        pending::<()>().await;
    });
    note(&mut rt, &log, handle);
    pass(&mut rt);
    let noted = log.clone();
    rt.post(move |world| {
        world.destroy(alice);
        world.post(move |_| noted.add("a later turn"));
    });
    pass(&mut rt);
    pass(&mut rt);
    let expected = ["alice is gone", "task dropped", "Err(OwnerDestroyed)", "a later turn"];
    assert_eq!(log.take(), expected);
}

#[test]
fn a_task_that_destroys_its_owner_is_not_dropped_inside_its_own_poll() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log).mourned());
    let noted = log.clone();
    rt.spawn_on(alice, async move |task| {
        let _farewell = Farewell(noted.clone(), "task dropped");
        task.with(|world| world.destroy(alice));
        noted.add("the task goes on");
        task.yield_now().await;
        noted.add("never");
    });
    pass_until_quiet(&mut rt);
    assert_eq!(log.take(), ["alice is gone", "the task goes on", "task dropped"]);
}

#[test]
fn a_task_for_an_owner_that_is_gone_is_not_spawned() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    rt.destroy(alice);
    let noted = log.clone();
    rt.on_undelivered(move |_, undelivered| noted.add(undelivered.to_string()));
    let noted = log.clone();
    let handle = rt.spawn_on(alice, async move |_| noted.add("never"));
    assert!(handle.is_finished());
    note(&mut rt, &log, handle);
    pass(&mut rt);
    let log = log.take();
    assert!(log[0].ends_with("was not called: Obj<Person> 1v1 is gone"), "{}", log[0]);
    assert_eq!(log[1..], ["Err(OwnerDestroyed)"]);
}

#[test]
fn a_panic_ends_its_task_alone_and_propagates() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let handle = rt.spawn_on(alice, async |task| {
        task.yield_now().await;
        panic!("a bug");
    });
    pass(&mut rt);
    let noted = log.clone();
    rt.spawn(async move |_| noted.add("another"));
    assert_eq!(panic_message(|| pass(&mut rt)), "a bug");
    assert!(rt.contains(alice) && handle.is_finished());
    note::<()>(&mut rt, &log, handle);
    pass(&mut rt);
    assert_eq!(log.take(), ["another", "Err(Panicked)"]);
}

#[test]
fn what_a_closure_of_a_task_did_before_it_panicked_is_carried_out() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.spawn(async move |task| {
        task.with(|world| {
            world.emit(alice, Person::said, 1);
            panic!("after saying so");
        });
    });
    assert_eq!(panic_message(|| pass(&mut rt)), "after saying so");
    pass(&mut rt);
    assert_eq!(log.take(), ["bob hears 1"]);
}

#[test]
fn a_slot_that_panics_under_a_task_costs_its_object_and_the_task() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|_, _, _| panic!("too much")));
    rt.connect(alice, Person::said, bob, Person::hear);
    let handle = rt.spawn(async move |task| task.with(|world| world.emit(alice, Person::said, 1)));
    assert_eq!(panic_message(|| pass(&mut rt)), "too much");
    pass(&mut rt);
    assert!(rt.contains(alice) && !rt.contains(bob) && handle.is_finished());
}

#[test]
fn an_error_that_nobody_awaits_is_reported_as_that_of_a_slot() {
    let (mut rt, log) = (runtime(), Log::default());
    let noted = log.clone();
    rt.on_slot_error(move |_, error| noted.add(error.error().to_string()));
    rt.spawn(async |_| "17x".parse::<u32>());
    let awaited = rt.spawn(async |_| "18x".parse::<u32>());
    pass(&mut rt);
    assert_eq!(log.take(), ["invalid digit found in string"]);
    note(&mut rt, &log, awaited);
    pass(&mut rt);
    assert_eq!(log.take(), ["Ok(Err(ParseIntError { kind: InvalidDigit }))"]);
}

#[test]
fn a_runtime_that_is_dropped_drops_its_tasks_before_its_objects_in_the_order_of_spawning() {
    let (mut rt, log) = (runtime(), Log::default());
    rt.add(Person::new("alice", &log).mourned());
    let mut spawn = |word: &'static str, count| {
        let noted = log.clone();
        rt.spawn(async move |task| {
            let _farewell = Farewell(noted, word);
            for _ in 0..count {
                task.yield_now().await;
            }
            if count == 0 {
                pending::<()>().await;
            }
        })
    };
    // The second place in the table is used twice.
    let _first = spawn("first", 0);
    let _short = spawn("short", 1);
    let _third = spawn("second", 0);
    for _ in 0..3 {
        pass(&mut rt);
    }
    assert_eq!(log.take(), ["short"]);
    let noted = log.clone();
    let handle = rt.spawn(async move |_| {
        let _farewell = Farewell(noted, "third");
        pending::<()>().await;
    });
    pass(&mut rt);
    drop(rt);
    assert_eq!(log.take(), ["first", "second", "third", "alice is gone"]);
    assert!(handle.is_finished() && !handle.abort());
}

#[test]
fn a_destructor_that_panics_leaves_no_task_behind() {
    struct Panics(Log);
    impl Drop for Panics {
        fn drop(&mut self) {
            self.0.add("panics");
            panic!("in a destructor");
        }
    }
    let (mut rt, log) = (runtime(), Log::default());
    let noted = log.clone();
    rt.spawn(async move |_| {
        let _panics = Panics(noted);
        pending::<()>().await;
    });
    let noted = log.clone();
    rt.spawn(async move |_| {
        let _farewell = Farewell(noted, "dropped");
        pending::<()>().await;
    });
    pass(&mut rt);
    assert_eq!(panic_message(|| drop(rt)), "in a destructor");
    assert_eq!(log.take(), ["panics", "dropped"]);
}

#[test]
fn a_task_is_woken_from_another_thread_and_so_is_its_loop() {
    let mut rt = Runtime::new().unwrap();
    let task = rt.spawn(async |task| {
        let (sender, mut came) = (Rc::new(()), false);
        let helper = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        std::future::poll_fn(|cx| {
            if helper.load(std::sync::atomic::Ordering::Acquire) {
                return std::task::Poll::Ready(());
            }
            if !std::mem::replace(&mut came, true) {
                let (waker, helper) = (cx.waker().clone(), helper.clone());
                thread::spawn(move || {
                    helper.store(true, std::sync::atomic::Ordering::Release);
                    waker.wake();
                });
            }
            std::task::Poll::Pending
        })
        .await;
        drop(sender);
        task.with(|world| world.exit(5));
    });
    assert_eq!(rt.exec().unwrap(), 5);
    assert!(task.is_finished());
}

#[test]
fn a_waker_outlives_its_task_and_its_runtime() {
    let (mut rt, log) = (runtime(), Log::default());
    let kept = Rc::new(RefCell::new(None));
    let given = kept.clone();
    let handle = rt.spawn(async move |_| {
        std::future::poll_fn::<(), _>(|cx| {
            *given.borrow_mut() = Some(cx.waker().clone());
            std::task::Poll::Pending
        })
        .await;
    });
    pass(&mut rt);
    let waker = kept.take().unwrap();
    handle.abort();
    pass(&mut rt);
    waker.wake_by_ref();
    pass(&mut rt);
    drop(rt);
    waker.wake();
    assert!(log.take().is_empty());
}
