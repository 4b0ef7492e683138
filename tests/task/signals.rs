//! Awaiting signals.

use std::cell::RefCell;
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::task::{Missed, SenderGone};

use crate::people::{Log, Person};
use crate::{pass, runtime};

/// What a task has found, in order.
type Found<T> = Rc<RefCell<Vec<T>>>;

#[test]
fn next_connects_when_it_is_made_and_not_when_it_is_polled() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let found: Found<_> = Found::default();
    let noted = found.clone();
    rt.spawn(async move |task| {
        let next = task.next(alice, Person::said);
        task.with(|world| world.emit(alice, Person::said, 3));
        let heard = next.await;
        noted.borrow_mut().push(heard);
    });
    pass(&mut rt);
    assert_eq!(found.take(), [Ok(3)]);
}

#[test]
fn next_is_made_by_a_world_too_and_awaited_in_any_task() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let next = rt.next(alice, Person::said);
    rt.emit(alice, Person::said, 8);
    let found: Found<_> = Found::default();
    let noted = found.clone();
    rt.spawn(async move |_| {
        let heard = next.await;
        noted.borrow_mut().push(heard);
    });
    pass(&mut rt);
    assert_eq!(found.take(), [Ok(8)]);
}

#[test]
fn next_fails_if_its_sender_is_destroyed() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let found: Found<Result<u32, SenderGone>> = Found::default();
    let noted = found.clone();
    rt.spawn(async move |task| {
        let next = task.next(alice, Person::said).await;
        noted.borrow_mut().push(next);
        let next = task.next(alice, Person::said).await;
        noted.borrow_mut().push(next);
    });
    pass(&mut rt);
    assert!(found.borrow().is_empty());
    rt.destroy(alice);
    pass(&mut rt);
    let found = found.take();
    assert_eq!(found.len(), 2, "a sender that is gone already is an error too");
    for next in found {
        let error = next.unwrap_err();
        assert_eq!(error.sender(), alice.erase());
        assert_eq!(
            error.to_string(),
            "the signal is not emitted any more: Obj<Person> 1v1 is gone, or its connections were \
             ended"
        );
    }
}

#[test]
fn the_last_words_of_a_sender_are_heard_before_its_end() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log).with_last_words(9));
    let found: Found<_> = Found::default();
    let noted = found.clone();
    rt.spawn(async move |task| {
        let next = task.next(alice, Person::said).await;
        noted.borrow_mut().push(next);
    });
    pass(&mut rt);
    rt.destroy(alice);
    pass(&mut rt);
    assert_eq!(found.take(), [Ok(9)]);
}

#[test]
fn a_future_that_is_dropped_leaves_no_connection() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let (next, stream) = (rt.next(alice, Person::said), rt.stream(alice, Person::said, 4));
    assert_eq!(rt[alice].said.receivers(), 2);
    drop((next, stream));
    assert_eq!(rt[alice].said.receivers(), 0);
}

#[test]
fn a_stream_has_every_emission_in_order_and_ends_with_its_sender() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let mut stream = rt.stream(alice, Person::said, 16);
    let found: Found<Option<Result<u32, Missed>>> = Found::default();
    let noted = found.clone();
    rt.spawn(async move |_| {
        loop {
            let next = stream.next().await;
            noted.borrow_mut().push(next);
            if next.is_none() {
                break;
            }
        }
    });
    (1..=3).for_each(|number| rt.emit(alice, Person::said, number));
    pass(&mut rt);
    assert_eq!(found.take(), [Some(Ok(1)), Some(Ok(2)), Some(Ok(3))]);
    rt.emit(alice, Person::said, 4);
    rt.destroy(alice);
    pass(&mut rt);
    assert_eq!(found.take(), [Some(Ok(4)), None]);
}

#[test]
fn a_stream_that_is_full_tells_how_many_emissions_it_has_dropped_and_where() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let mut stream = rt.stream(alice, Person::said, 2);
    let found: Found<_> = Found::default();
    let noted = found.clone();
    (1..=5).for_each(|number| rt.emit(alice, Person::said, number));
    rt.spawn(async move |_| {
        while let Some(next) = stream.next().await {
            noted.borrow_mut().push(next);
        }
    });
    pass(&mut rt);
    rt.emit(alice, Person::said, 6);
    pass(&mut rt);
    assert_eq!(found.take(), [Ok(1), Ok(2), Err(Missed { count: 3 }), Ok(6)]);
}

#[test]
fn a_signal_of_a_busy_sender_is_connected_when_its_method_has_returned() {
    let (mut rt, log) = (runtime(), Log::default());
    let found: Found<_> = Found::default();
    let noted = found.clone();
    let alice = rt.add(Person::new("alice", &log).on_hearing(move |_, cx, _| {
        let (this, noted) = (cx.this(), noted.clone());
        let next = cx.next(this, Person::said);
        cx.spawn(async move |_| {
            let heard = next.await;
            noted.borrow_mut().push(heard);
        });
    }));
    rt.with(alice, |alice, cx| alice.hear(cx, 0));
    rt.emit(alice, Person::said, 2);
    pass(&mut rt);
    assert_eq!(found.take(), [Ok(2)]);
}

#[test]
fn signals_of_a_trait_are_awaited_on_a_class_and_on_a_handle_of_the_trait() {
    let mut rt = runtime();
    let buffer = rt.add(slotwire::QBuffer::new());
    rt[buffer].open(OpenMode::READ_WRITE).unwrap();
    let device: Obj<dyn QIODevice> = buffer.upcast();
    let found: Found<_> = Found::default();
    let noted = found.clone();
    rt.spawn(async move |task| {
        let next = task.next(buffer, slotwire::QBuffer::bytes_written);
        let closing = task.next(device, <dyn QIODevice>::about_to_close);
        task.with(|world| world[buffer].write_all(b"hello"))?;
        let written = next.await?;
        noted.borrow_mut().push(written);
        task.with(|world| world[device].close());
        closing.await?;
        noted.borrow_mut().push(0);
        Ok::<_, Box<dyn std::error::Error>>(())
    });
    for _ in 0..3 {
        pass(&mut rt);
    }
    assert_eq!(found.take(), [5, 0]);
}
