//! Threads with a loop of their own.

use std::sync::mpsc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{QThread, ThreadError};

use support::*;

fn thread(rt: &mut Runtime) -> (Obj<QThread>, Journal) {
    let (thread, journal) = (rt.add(QThread::new("worker")), Journal::new());
    let notes = journal.clone();
    rt.connect_fn(thread, QThread::started, move |_, _| notes.note("started"));
    let notes = journal.clone();
    rt.connect_fn(thread, QThread::finished, move |world, _| {
        notes.note(format!("finished, running: {}", world[thread].is_running()));
    });
    (thread, journal)
}

#[test]
fn a_thread_announces_its_start_and_its_end() {
    let mut rt = Runtime::new().unwrap();
    let (thread, journal) = thread(&mut rt);
    assert!(!rt[thread].is_running() && !rt[thread].is_finished());
    assert_eq!(rt[thread].result(), None);
    rt[thread].start(|_| ()).unwrap();
    assert!(rt[thread].is_running());
    wait_until(&mut rt, |_| journal.has("started"));
    assert!(rt[thread].remote().is_some());
    rt[thread].exit(7);
    wait_until(&mut rt, |_| journal.len() == 2);
    assert_eq!(journal.take(), ["started", "finished, running: false"]);
    assert_eq!(rt[thread].result(), Some(Ok(7)));
    assert!(rt[thread].is_finished() && rt[thread].remote().is_none());
}

#[test]
fn a_running_thread_cannot_be_started_and_a_finished_one_can() {
    let mut rt = Runtime::new().unwrap();
    let (thread, journal) = thread(&mut rt);
    for code in 0..5 {
        rt[thread].start(move |rt| rt.post(move |world| world.exit(code))).unwrap();
        assert!(rt.wait_for_thread(thread, None));
        assert_eq!(rt[thread].result(), Some(Ok(code)));
    }
    rt[thread].start(|_| ()).unwrap();
    let refused = rt[thread].start(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
    rt[thread].quit();
    assert!(rt.wait_for_thread(thread, None));
    wait_until(&mut rt, |_| journal.count("finished, running: false") == 6);
}

#[test]
fn a_panic_in_a_thread_is_its_result() {
    let mut rt = Runtime::new().unwrap();
    let (thread, journal) = thread(&mut rt);
    let error = rt[thread].start(|_| -> () { panic!("while it was set up") }).unwrap_err();
    let text = "cannot set up the thread: the thread panicked: while it was set up";
    assert_eq!(error.to_string(), text);
    wait_until(&mut rt, |_| journal.has("finished, running: false"));
    let expected = ThreadError::Panicked("while it was set up".to_owned());
    assert_eq!(rt[thread].result(), Some(Err(expected)));

    rt[thread].start(|rt| rt.post(|_| panic!("number {}", 5))).unwrap();
    assert!(rt.wait_for_thread(thread, None));
    assert_eq!(rt[thread].result(), Some(Err(ThreadError::Panicked("number 5".to_owned()))));
}

#[test]
fn waiting_for_a_thread_takes_no_longer_than_told() {
    let mut rt = Runtime::new().unwrap();
    let (thread, _) = thread(&mut rt);
    assert!(rt.wait_for_thread(thread, None), "one that does not run");
    rt[thread].start(|_| ()).unwrap();
    assert!(!rt.wait_for_thread(thread, Some(Duration::ZERO)));
    assert!(!rt.wait_for_thread(thread, Some(Duration::from_millis(1))));
    rt[thread].quit();
    assert!(rt.wait_for_thread(thread, Some(Duration::MAX)));
    assert!(rt.wait_for_thread(thread, Some(Duration::ZERO)));
}

#[test]
fn a_thread_that_is_destroyed_while_it_runs_is_joined() {
    let mut rt = Runtime::new().unwrap();
    let (thread, _) = thread(&mut rt);
    let (send, receive) = mpsc::channel::<()>();
    rt[thread]
        .start(move |rt| {
            rt.single_shot_fn(Duration::from_secs(3600), move |_| drop(send));
        })
        .unwrap();
    rt.destroy(thread);
    assert_eq!(receive.try_recv(), Err(mpsc::TryRecvError::Disconnected));
}

#[test]
fn a_thread_that_is_told_to_end_before_its_loop_runs_ends() {
    watched(|| {
        let mut rt = Runtime::new().unwrap();
        let (thread, _) = thread(&mut rt);
        rt[thread].start(turn).unwrap();
        rt[thread].exit(3);
        assert!(rt.wait_for_thread(thread, None));
        assert_eq!(rt[thread].result(), Some(Ok(3)));
    });
}

#[test]
fn a_thousand_threads_come_and_go_and_leave_nothing_behind() {
    in_own_process("a_thousand_threads_come_and_go_and_leave_nothing_behind", || {
        watched(|| {
            let mut rt = Runtime::new().unwrap();
            let before = open_descriptors();
            for round in 0..1000 {
                let (thread, _) = thread(&mut rt);
                rt[thread].start(|_| ()).unwrap();
                if round % 2 == 0 {
                    rt[thread].quit();
                }
                if round % 3 == 0 {
                    turn(&mut rt);
                }
                rt.destroy(thread);
            }
            settle(&mut rt);
            assert_eq!(open_descriptors(), before);
        });
    });
}
