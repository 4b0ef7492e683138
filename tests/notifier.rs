//! Notifiers of descriptors that others own.

mod support;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use slotwire::prelude::*;
use slotwire::{NotifierType, QSocketNotifier};

use support::*;

fn notifier(
    rt: &mut Runtime,
    stream: &UnixStream,
    kind: NotifierType,
    journal: &Journal,
    name: &'static str,
) -> Obj<QSocketNotifier> {
    let notifier = rt.add(QSocketNotifier::new(stream, kind).unwrap());
    let notes = journal.clone();
    rt.connect_fn(notifier, QSocketNotifier::activated, move |_, &activated| {
        assert_eq!(activated, kind);
        notes.note(name);
    });
    notifier
}

#[test]
fn a_notifier_tells_again_in_every_turn_until_all_is_read() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    notifier(&mut rt, &ours, NotifierType::Read, &journal, "read");
    turn(&mut rt);
    assert_eq!(journal.len(), 0);
    theirs.write_all(b"ab").unwrap();
    for _ in 0..4 {
        turn(&mut rt);
    }
    assert_eq!(journal.take().len(), 4);
    ours.read_exact(&mut [0; 1]).unwrap();
    turn(&mut rt);
    assert_eq!(journal.take(), ["read"]);
    ours.read_exact(&mut [0; 1]).unwrap();
    turn(&mut rt);
    turn(&mut rt);
    assert_eq!(journal.len(), 0);
    drop(theirs);
    turn(&mut rt);
    assert_eq!(journal.take(), ["read"], "the end is readable");
}

#[test]
fn several_notifiers_may_watch_one_descriptor() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    notifier(&mut rt, &ours, NotifierType::Read, &journal, "one");
    let two = notifier(&mut rt, &ours, NotifierType::Read, &journal, "two");
    notifier(&mut rt, &ours, NotifierType::Write, &journal, "write");
    theirs.write_all(b"a").unwrap();
    turn(&mut rt);
    let mut heard = journal.take();
    heard.sort();
    assert_eq!(heard, ["one", "two", "write"]);
    rt.destroy(two);
    drop(ours);
    turn(&mut rt);
    let mut heard = journal.take();
    heard.sort();
    assert_eq!(heard, ["one", "write"], "each keeps the descriptor open");
}

#[test]
fn a_notifier_that_is_disabled_in_its_slot_is_silent_until_it_is_enabled() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let notifier = notifier(&mut rt, &ours, NotifierType::Read, &journal, "read");
    rt.connect_fn(notifier, QSocketNotifier::activated, move |world, _| {
        world[notifier].set_enabled(false)
    });
    theirs.write_all(b"a").unwrap();
    for _ in 0..3 {
        turn(&mut rt);
    }
    assert_eq!(journal.take(), ["read"]);
    assert!(!rt[notifier].is_enabled());
    rt[notifier].set_enabled(true).unwrap();
    turn(&mut rt);
    assert_eq!(journal.take(), ["read"]);
}

#[test]
fn a_notifier_may_be_destroyed_in_its_own_slot() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let notifier = notifier(&mut rt, &ours, NotifierType::Read, &journal, "read");
    rt.connect_fn(notifier, QSocketNotifier::activated, move |world, _| {
        world.destroy(notifier);
    });
    theirs.write_all(b"a").unwrap();
    settle(&mut rt);
    assert_eq!(journal.take(), ["read"]);
    assert!(!rt.contains(notifier));
}

#[test]
fn a_notifier_that_takes_the_place_of_a_ready_one_is_not_taken_for_it() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let (quiet, _peer) = UnixStream::pair().unwrap();
    let mut pairs = Vec::new();
    let mut ready = Vec::new();
    for _ in 0..2 {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"a").unwrap();
        ready.push(notifier(&mut rt, &ours, NotifierType::Read, &journal, "ready"));
        pairs.push((ours, theirs));
    }
    // Both are ready; whichever comes first replaces the other by one that is not.
    for (this, other) in [(ready[0], ready[1]), (ready[1], ready[0])] {
        let journal = journal.clone();
        let quiet = quiet.try_clone().unwrap();
        rt.connect_fn(this, QSocketNotifier::activated, move |world, _| {
            world.destroy(other);
            let (journal, quiet) = (journal.clone(), quiet.try_clone().unwrap());
            world.later(this, move |_, cx| {
                let quiet = cx.add(QSocketNotifier::new(&quiet, NotifierType::Read).unwrap());
                cx.connect_fn(quiet, QSocketNotifier::activated, move |_, _| journal.note("quiet"));
                cx.destroy(this);
            });
        });
    }
    settle(&mut rt);
    assert_eq!(journal.take(), ["ready"]);
}

#[test]
fn a_regular_file_cannot_be_watched() {
    let mut rt = Runtime::new().unwrap();
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let notifier = QSocketNotifier::new(&file, NotifierType::Read).unwrap();
    assert!(notifier.is_enabled() && notifier.error().is_none());
    let notifier = rt.add(notifier);
    assert!(!rt[notifier].is_enabled());
    assert!(rt[notifier].error().is_some());
    assert!(rt[notifier].set_enabled(true).is_err());
    assert!(!rt[notifier].is_enabled());
}

#[test]
fn a_write_notifier_tells_when_there_is_room() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    notifier(&mut rt, &ours, NotifierType::Write, &journal, "write");
    turn(&mut rt);
    assert_eq!(journal.take(), ["write"]);
    let mut filled = 0;
    while let Ok(count) = ours.write(&[0; 4096]) {
        filled += count;
    }
    turn(&mut rt);
    turn(&mut rt);
    assert_eq!(journal.len(), 0);
    theirs.read_exact(&mut vec![0; filled]).unwrap();
    wait_until(&mut rt, |_| journal.has("write"));
}
