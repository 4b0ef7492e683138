//! The words that the tests of loop and sockets are written in.
//!
//! Those for tests that run on the kernel's network and on the simulated one are in `network.rs`.

#![allow(
    missing_debug_implementations,
    missing_docs,
    reason = "this crate is for tests alone, which read its words as sentences"
)]

pub mod echo;
mod errand;
mod layered_network;
mod native_network;
mod network;
mod peer;
pub mod pipe;
pub mod program;
mod proxied_network;
pub mod secret;
pub mod seeds;
mod simulated_network;
#[allow(dead_code, reason = "the example has a `main`, too")]
#[path = "../../examples/socks5_server.rs"]
mod socks5_server;
mod speech;
mod tls;

use std::cell::RefCell;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use slotwire::prelude::*;

pub use {
    errand::{Deed, Errand},
    network::{Net, Stopwatch},
    on_every_network::{on_every_network, on_every_network_and_layer},
    peer::{Listener, Peer, PeerStream, UdpPeer},
};

/// How long anything may take before a test calls it lost. Nothing waits as long as this unless
/// it fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Where a test's server listens: any port of this machine.
pub fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// Runs the loop until `condition` holds.
#[track_caller]
pub fn wait_until(rt: &mut Runtime, condition: impl FnMut(&World) -> bool) {
    assert!(rt.run_until(DEADLINE, condition).unwrap(), "what is waited for does not happen");
}

/// The condition that a socket is in this state.
pub fn is(state: SocketState, socket: Obj<QTcpSocket>) -> impl FnMut(&World) -> bool {
    move |world| world[socket].state() == state
}

/// Runs the loop until a connection has come to the listener.
#[track_caller]
pub fn caller(rt: &mut Runtime, listener: &Listener) -> Peer {
    let mut peer = None;
    wait_until(rt, |_| {
        peer = listener.accept_now();
        peer.is_some()
    });
    peer.unwrap()
}

/// Makes turns of the loop for as long as each finds something to do.
pub fn settle(rt: &mut Runtime) {
    while rt.process_events(Some(Duration::ZERO)).unwrap() {}
}

/// Makes exactly one turn of the loop, without sleeping.
pub fn turn(rt: &mut Runtime) -> bool {
    rt.process_events(Some(Duration::ZERO)).unwrap()
}

/// Calls `f`, which panics, and returns what the panic said.
#[track_caller]
pub fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    let Err(panic) = std::panic::catch_unwind(AssertUnwindSafe(f)) else {
        panic!("this was to panic")
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or_default().to_owned(),
    }
}

/// Runs `work` in a thread and fails if it has not come back by the deadline: for what may hang.
#[track_caller]
pub fn watched<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let worker = std::thread::spawn(move || done.send(work()));
    match result.recv_timeout(DEADLINE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("this hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(worker.join().expect_err("it sent nothing"))
        }
    }
}

/// Runs the body of the test named `test` in a process of its own, where nobody else opens and
/// closes descriptors.
#[track_caller]
pub fn in_own_process(test: &str, body: impl FnOnce()) {
    const MARK: &str = "SLOTWIRE_OWN_PROCESS";
    if std::env::var_os(MARK).is_some() {
        return body();
    }
    run_alone(Command::new(std::env::current_exe().unwrap()), test, MARK);
}

/// Runs the test named `test` alone, with `mark` in its environment, and fails if it does not pass.
/// The command is that of the test's program.
#[track_caller]
pub fn run_alone(mut command: Command, test: &str, mark: &str) {
    let child = command.args([test, "--exact", "--nocapture"]).env(mark, "1").output().unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(said.contains("1 passed"), "{test}:\n{said}{}", String::from_utf8_lossy(&child.stderr));
}

/// The descriptors that this process has open.
pub fn descriptors() -> Vec<u64> {
    let listing = std::fs::read_dir("/proc/self/fd").unwrap();
    let listed: Vec<u64> = listing
        .filter_map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().ok())
        .collect();
    // The listing's own is closed by now.
    let is_open = |number: &u64| std::fs::read_link(format!("/proc/self/fd/{number}")).is_ok();
    listed.into_iter().filter(is_open).collect()
}

/// How many descriptors this process has open.
pub fn open_descriptors() -> usize {
    descriptors().len()
}

/// Lets this process open `more` descriptors and no further one.
pub fn leave_room_for_descriptors(more: usize) {
    leave_room_for_many_descriptors();
    let open = descriptors();
    let limit = (0..).filter(|number| !open.contains(number)).nth(more);
    limit_descriptors(limit);
}

/// Lets this process open as many descriptors as it could at the start.
pub fn leave_room_for_many_descriptors() {
    limit_descriptors(getrlimit(Resource::Nofile).maximum);
}

fn limit_descriptors(current: Option<u64>) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}

/// What happened, in order: shared by the closures that write into it.
#[derive(Clone, Default)]
pub struct Journal {
    entries: Rc<RefCell<Vec<String>>>,
}

impl Journal {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn note(&self, entry: impl Into<String>) {
        self.entries.borrow_mut().push(entry.into());
    }

    /// Takes what was noted since the last time.
    pub fn take(&self) -> Vec<String> {
        self.entries.take()
    }

    #[allow(clippy::len_without_is_empty, reason = "tests compare how much was noted")]
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    pub fn has(&self, entry: &str) -> bool {
        self.entries.borrow().iter().any(|noted| noted == entry)
    }

    pub fn count(&self, entry: &str) -> usize {
        self.entries.borrow().iter().filter(|noted| *noted == entry).count()
    }
}

/// What a journal has of a client that connects to an address, and begins to speak TLS.
pub const CONNECTING: [&str; 6] =
    ["HostLookup", "Connecting", "host_found", "Connected", "connected", "mode_changed Client"];

/// What a journal has of a socket whose connection ends.
pub const ENDING: [&str; 4] = ["Closing", "Unconnected", "read_channel_finished", "disconnected"];

/// Notes every signal of a socket. A state that is announced but not the socket's is noted too.
pub fn journal_of<T: QAbstractSocket>(rt: &mut World, socket: Obj<T>) -> Journal {
    let journal = Journal::new();
    let note = |name: &'static str| {
        let journal = journal.clone();
        move |_: &mut World, _: &()| journal.note(name)
    };
    rt.connect_fn(socket, T::host_found, note("host_found"));
    rt.connect_fn(socket, T::connected, note("connected"));
    rt.connect_fn(socket, T::disconnected, note("disconnected"));
    rt.connect_fn(socket, T::ready_read, note("ready_read"));
    rt.connect_fn(socket, T::about_to_close, note("about_to_close"));
    rt.connect_fn(socket, T::read_channel_finished, note("read_channel_finished"));
    let states = journal.clone();
    rt.connect_fn(socket, T::state_changed, move |world, &announced| {
        let seen = world[socket].state();
        match seen == announced {
            true => states.note(format!("{announced:?}")),
            false => states.note(format!("{announced:?}, but it is {seen:?}")),
        }
    });
    let errors = journal.clone();
    rt.connect_fn(socket, T::error_occurred, move |world, error| {
        errors.note(format!("{error:?} while {:?}", world[socket].state()));
    });
    let written = journal.clone();
    rt.connect_fn(socket, T::bytes_written, move |_, count| {
        written.note(format!("bytes_written {count}"));
    });
    journal
}

/// A listener of the standard library, and its port.
pub fn std_listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind(any_port()).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A port that nobody listens on.
pub fn closed_port() -> u16 {
    // Bound and not listening, so that nobody else gets it: the kernel refuses.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&any_port().into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    std::mem::forget(socket);
    port
}

/// The address of a listener whose queue is full, so that the kernel answers nobody any more, and
/// what keeps it so.
pub fn full_listener() -> (SocketAddr, Vec<socket2::Socket>) {
    let open = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let listener = open();
    listener.bind(&any_port().into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut kept = vec![listener];
    for _ in 0..8 {
        let client = open();
        client.set_nonblocking(true).unwrap();
        let _ = client.connect(&address);
        kept.push(client);
    }
    (address.as_socket().unwrap(), kept)
}

/// A socket and its peer, a stream of the standard library, connected to each other.
pub fn connected_pair(rt: &mut Runtime) -> (Obj<QTcpSocket>, TcpStream) {
    let (listener, port) = std_listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(rt, |world| world[socket].state() == SocketState::Connected);
    turn(rt);
    (socket, listener.accept().unwrap().0)
}

/// Closes the peer's end so that the socket sees a reset instead of the end.
pub fn reset(peer: impl PeerStream) {
    peer.reset();
}

/// Runs the loop until the peer has read up to the end, and returns what it read.
#[track_caller]
pub fn read_to_end(rt: &mut Runtime, peer: &mut impl PeerStream) -> Vec<u8> {
    let mut all = Vec::new();
    pump(rt, peer, &mut all, |_, ended| ended);
    all
}

/// Runs the loop until the peer has read `count` bytes.
#[track_caller]
pub fn read_exactly(rt: &mut Runtime, peer: &mut impl PeerStream, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    pump(rt, peer, &mut all, |all, _| all.len() >= count);
    all
}

#[track_caller]
fn pump(
    rt: &mut Runtime,
    peer: &mut impl PeerStream,
    all: &mut Vec<u8>,
    enough: impl Fn(&[u8], bool) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    let mut ended = false;
    let deadline = std::time::Instant::now() + DEADLINE;
    while !enough(all, ended) {
        assert!(std::time::Instant::now() < deadline, "the peer got {} bytes", all.len());
        match peer.read_now(&mut buffer) {
            Ok(0) => ended = true,
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                rt.process_events(Some(Duration::from_millis(1))).unwrap();
            }
            Err(error) => panic!("the peer cannot read: {error}"),
        }
    }
}

/// Has a peer of the standard library write from a thread of its own.
pub fn write_in_thread(peer: &TcpStream, bytes: Vec<u8>) -> std::thread::JoinHandle<()> {
    let mut peer_end = peer.try_clone().unwrap();
    std::thread::spawn(move || peer_end.write_all(&bytes).unwrap())
}

/// Bytes that differ from each other, so that lost, doubled and swapped ones are noticed.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(count + size_of::<u64>());
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

/// What a slot that fails does.
pub fn panic_on_purpose() {
    panic!("on purpose");
}
