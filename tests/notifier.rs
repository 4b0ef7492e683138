//! Notifiers of descriptors that others own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use mio::unix::SourceFd;
use slotwire::prelude::*;
use slotwire::{BindMode, NotifierType, OpenMode, QSocketNotifier, QTcpServer};

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
    // A process that another test starts holds the descriptor for a moment, so closing it would not do.
    theirs.shutdown(Shutdown::Write).unwrap();
    turn(&mut rt);
    assert_eq!(journal.take(), ["read"], "the end is readable");
}

#[test]
fn a_notifier_lends_the_descriptor_that_it_watches() {
    let mut rt = Runtime::new().unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let notifier = rt.add(QSocketNotifier::new(&ours, NotifierType::Read).unwrap());
    drop(ours);
    let lent = rt[notifier].socket().try_clone_to_owned().unwrap();
    theirs.write_all(b"x").unwrap();
    let mut byte = [0];
    UnixStream::from(lent).read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"x");
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

/// Returns true if another loop that watches the runtime's descriptor would call the runtime now.
fn is_woken(rt: &Runtime) -> bool {
    let descriptor = rt.as_raw_fd();
    let mut foreign = mio::Poll::new().unwrap();
    let watched = &mut SourceFd(&descriptor);
    foreign.registry().register(watched, mio::Token(0), mio::Interest::READABLE).unwrap();
    let mut events = mio::Events::with_capacity(1);
    foreign.poll(&mut events, Some(Duration::ZERO)).unwrap();
    !events.is_empty()
}

/// Adds a notifier of something that never becomes readable. Its source gets the number that was
/// given up last.
fn quiet_notifier(rt: &mut Runtime, journal: &Journal) -> UnixStream {
    settle(rt);
    let (ours, theirs) = UnixStream::pair().unwrap();
    notifier(rt, &ours, NotifierType::Read, journal, "quiet");
    settle(rt);
    theirs
}

/// Destroys a socket, of which `shared` is a duplicate, and asserts that nobody hears of what its peer
/// sends from then on, and that the loop is not even woken for it.
#[track_caller]
fn assert_unheard(rt: &mut Runtime, socket: Obj<QTcpSocket>, mut peer: TcpStream, shared: OwnedFd) {
    let journal = Journal::new();
    rt.destroy(socket);
    let _theirs = quiet_notifier(rt, &journal);
    peer.write_all(b"to whoever has it now").unwrap();
    assert!(!is_woken(rt));
    settle(rt);
    assert_eq!(journal.take(), [""; 0]);
    let mut buffer = [0; 64];
    let count = TcpStream::from(shared).read(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"to whoever has it now");
}

#[test]
fn nobody_hears_of_a_destroyed_socket_whose_descriptor_was_lent() {
    let mut rt = Runtime::new().unwrap();
    let (socket, peer) = connected_pair(&mut rt);
    let shared = rt[socket].socket_descriptor().unwrap().try_clone_to_owned().unwrap();
    assert_unheard(&mut rt, socket, peer, shared);
}

#[test]
fn nobody_hears_of_a_destroyed_socket_whose_descriptor_was_taken_over() {
    let mut rt = Runtime::new().unwrap();
    let (listener, _) = std_listener();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let peer = listener.accept().unwrap().0;
    let shared = stream.try_clone().unwrap().into();
    let socket = rt.add(QTcpSocket::new());
    rt[socket]
        .set_socket_descriptor(stream.into(), SocketState::Connected, OpenMode::READ_WRITE)
        .unwrap();
    settle(&mut rt);
    assert_unheard(&mut rt, socket, peer, shared);
}

#[test]
fn nobody_hears_of_a_closed_server_whose_descriptor_was_lent_or_taken_over() {
    for is_adopted in [false, true] {
        let mut rt = Runtime::new().unwrap();
        let journal = Journal::new();
        let server = rt.add(QTcpServer::new());
        let shared = if is_adopted {
            let (listener, _) = std_listener();
            let shared = OwnedFd::from(listener.try_clone().unwrap());
            rt[server].set_socket_descriptor(listener.into()).unwrap();
            shared
        } else {
            rt[server].listen(any_port()).unwrap();
            rt[server].socket_descriptor().unwrap().try_clone_to_owned().unwrap()
        };
        let port = rt[server].server_port().unwrap();
        rt[server].close();
        let _theirs = quiet_notifier(&mut rt, &journal);
        let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!is_woken(&rt));
        settle(&mut rt);
        assert_eq!(journal.take(), [""; 0]);
        drop(shared);
    }
}

#[test]
fn nobody_hears_of_a_destroyed_datagram_socket_that_a_notifier_watches_on() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let port = rt[socket].local_port().unwrap();
    let descriptor = rt[socket].socket_descriptor().unwrap();
    let watching = QSocketNotifier::new(descriptor, NotifierType::Read).unwrap();
    let watching = rt.add(watching);
    let heard = rt.spy(watching, QSocketNotifier::activated);
    rt.destroy(socket);
    let _theirs = quiet_notifier(&mut rt, &journal);
    let peer = UdpSocket::bind(any_port()).unwrap();
    peer.send_to(b"?", (Ipv4Addr::LOCALHOST, port)).unwrap();
    turn(&mut rt);
    turn(&mut rt);
    assert_eq!((heard.len(), journal.len()), (2, 0));
}

/// Descriptors that a forked process keeps open.
#[cfg(target_os = "linux")]
mod forked_process {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    use slotwire::VirtualClock;

    use super::*;

    /// What a process has that was forked off: the system's socket, of which the library does not
    /// know that it is shared.
    fn forked(descriptor: i32) -> OwnedFd {
        let this = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
        pidfd_getfd(this, descriptor, PidfdGetfdFlags::empty()).unwrap()
    }

    /// Destroys a socket that a forked process has as well, whose source's number a notifier gets
    /// that is never activated; returns the peer of the socket, and what keeps all of this so.
    fn destroyed_but_forked(
        rt: &mut Runtime,
        journal: &Journal,
    ) -> (TcpStream, (OwnedFd, UnixStream)) {
        let before = descriptors();
        let (socket, peer) = connected_pair(rt);
        let number = descriptors().into_iter().find(|number| {
            let is_new = !before.contains(number);
            is_new && *number != u64::try_from(peer.as_raw_fd()).unwrap()
        });
        let shared = forked(number.unwrap().try_into().unwrap());
        rt.destroy(socket);
        (peer, (shared, quiet_notifier(rt, journal)))
    }

    #[test]
    fn what_a_forked_process_keeps_open_is_nobodys_and_wakes_the_loop_once_for_each_event() {
        let test = "forked_process::\
            what_a_forked_process_keeps_open_is_nobodys_and_wakes_the_loop_once_for_each_event";
        in_own_process(test, || {
            let mut rt = Runtime::new().unwrap();
            let journal = Journal::new();
            let (mut peer, _kept) = destroyed_but_forked(&mut rt, &journal);
            for _ in 0..3 {
                peer.write_all(b"?").unwrap();
                assert!(is_woken(&rt), "if not, this shows nothing");
                assert!(!turn(&mut rt), "there was nothing to do");
                assert!(!is_woken(&rt));
            }
            assert_eq!(journal.take(), [""; 0]);
        });
    }

    #[test]
    fn what_is_nobodys_ends_no_wait() {
        in_own_process("forked_process::what_is_nobodys_ends_no_wait", || {
            let clock = VirtualClock::new();
            let mut rt = Runtime::with_clock(clock.clone()).unwrap();
            let journal = Journal::new();
            let (mut peer, _kept) = destroyed_but_forked(&mut rt, &journal);
            peer.write_all(b"?").unwrap();
            assert!(is_woken(&rt), "if not, this shows nothing");
            let second = Duration::from_secs(1);
            assert!(!rt.process_events(Some(second)).unwrap());
            assert_eq!((clock.elapsed(), journal.len()), (second, 0));
        });
    }
}
