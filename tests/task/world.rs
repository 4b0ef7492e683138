//! Reaching the world from tasks, and where it cannot be reached.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskCx, Poll, Waker};

use slotwire::TaskContext;
use slotwire::prelude::*;
use slotwire::task::WorldError;

use crate::people::{Log, Person, panic_message};
use crate::{pass, runtime};

/// Reaches the world when it is dropped, and notes what comes of it.
struct Reacher {
    task: TaskContext,
    found: Rc<RefCell<Option<Result<usize, WorldError>>>>,
}

impl Drop for Reacher {
    fn drop(&mut self) {
        *self.found.borrow_mut() = Some(self.task.try_with(|world| world.len()));
    }
}

#[test]
fn the_world_within_the_world_is_an_error_that_says_so() {
    let mut rt = runtime();
    let found = Rc::new(RefCell::new(None));
    let noted = found.clone();
    rt.spawn(async move |task| {
        *noted.borrow_mut() = Some(task.with(|_| task.try_with(|world| world.len())));
    });
    pass(&mut rt);
    let error = found.take().unwrap().unwrap_err();
    assert_eq!(error, WorldError::InUse);
    assert!(error.to_string().contains("use the world that the closure got"));
}

#[test]
fn with_panics_where_try_with_fails() {
    let mut rt = runtime();
    rt.spawn(async |task| task.with(|_| task.with(|world| world.quit())));
    assert_eq!(panic_message(|| pass(&mut rt)), WorldError::InUse.to_string());
}

#[test]
fn the_destructor_of_a_task_that_is_dropped_cannot_reach_the_world() {
    let mut rt = runtime();
    let found = Rc::new(RefCell::new(None));
    let noted = found.clone();
    let handle = rt.spawn(async move |task| {
        let _reacher = Reacher { task: task.clone(), found: noted };
        std::future::pending::<()>().await;
    });
    pass(&mut rt);
    handle.abort();
    pass(&mut rt);
    assert_eq!(found.take(), Some(Err(WorldError::NotLent)));
}

#[test]
fn the_destructor_of_a_task_cannot_reach_the_world_of_a_runtime_that_is_dropped() {
    let mut rt = runtime();
    let found = Rc::new(RefCell::new(None));
    let noted = found.clone();
    rt.spawn(async move |task| {
        let _reacher = Reacher { task: task.clone(), found: noted };
        std::future::pending::<()>().await;
    });
    pass(&mut rt);
    drop(rt);
    assert_eq!(found.take(), Some(Err(WorldError::NotLent)));
}

#[test]
fn a_foreign_executor_awaits_signals_and_cannot_reach_the_world() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let context = Rc::new(RefCell::new(None));
    let given = context.clone();
    rt.spawn(async move |task| *given.borrow_mut() = Some(task));
    pass(&mut rt);
    let task = context.take().unwrap();
    let next = rt.next(alice, Person::said);
    let mut future = pin!(async move {
        let number = next.await;
        (number, task.try_with(|world| world.len()))
    });
    let mut cx = TaskCx::from_waker(Waker::noop());
    assert_eq!(future.as_mut().poll(&mut cx), Poll::Pending);
    rt.emit(alice, Person::said, 6);
    assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready((Ok(6), Err(WorldError::NotLent))));
}

#[test]
fn the_world_is_back_after_a_task_has_panicked() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    rt.spawn(async |_| panic!("a bug"));
    assert_eq!(panic_message(|| pass(&mut rt)), "a bug");
    assert!(rt.contains(alice));
    rt.emit(alice, Person::said, 1);
}

#[test]
fn runtimes_whose_worlds_were_swapped_notice_it() {
    let (mut one, mut other) = (runtime(), runtime());
    std::mem::swap::<World>(&mut one, &mut other);
    let text = "this runtime has the world of another runtime";
    assert!(panic_message(|| pass(&mut one)).starts_with(text));
    assert!(panic_message(|| other.exec().is_ok()).starts_with(text));
    assert!(panic_message(|| other.deliver()).starts_with(text));
    std::mem::swap::<World>(&mut one, &mut other);
    pass(&mut one);
    pass(&mut other);
}

#[test]
fn a_task_that_swaps_its_world_with_another_panics() {
    let (mut rt, mut other) = (runtime(), runtime());
    rt.spawn(async move |task| {
        task.with(|world| std::mem::swap::<World>(world, &mut other));
    });
    assert!(panic_message(|| pass(&mut rt)).contains("has swapped its world"));
}

#[test]
fn two_runtimes_lend_their_worlds_at_once() {
    let (mut outer, mut inner) = (runtime(), runtime());
    let found = Rc::new(RefCell::new(Vec::new()));
    let noted = found.clone();
    inner.add(QTimer::new());
    outer.spawn(async move |task| {
        let noted_inside = noted.clone();
        inner.spawn(async move |inside| {
            noted_inside.borrow_mut().push(inside.with(|world| world.len()));
        });
        inner.process_events(Some(std::time::Duration::ZERO)).unwrap();
        noted.borrow_mut().push(task.with(|world| world.len()));
    });
    pass(&mut outer);
    assert_eq!(found.take(), [1, 0]);
}

#[test]
fn a_closure_that_returns_a_future_has_the_world_too() {
    let mut rt = runtime();
    let found = Rc::new(RefCell::new(None));
    let noted = found.clone();
    rt.spawn(move |task: TaskContext| {
        *noted.borrow_mut() = Some(task.with(|world| world.len()));
        std::future::ready(())
    });
    assert_eq!(found.take(), None);
    pass(&mut rt);
    assert_eq!(found.take(), Some(0));
}
