//! A line between two networks, on which frames get lost, spoilt, doubled and overtaken.
//!
//! Each end is a thread with a network of its own. The thread that made them stands between, takes
//! every frame off the one interface and, if it pleases, puts it on the other. What becomes of a
//! frame is drawn from a seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use nix::ifaddrs::getifaddrs;
use nix::sched::{CloneFlags, unshare};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, Socket, Type};

use super::namespace::{ip, run, set_knob};
use super::*;

/// The addresses of the two ends.
pub(crate) const NEAR: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
pub(crate) const FAR: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

/// Of a thousand frames in bad weather, how many meet with what.
const LOST: u64 = 50;
const SPOILT: u64 = 10;
const DOUBLED: u64 = 20;
const LATE: u64 = 100;

/// How long a frame takes in bad weather, and how much longer one that is late.
const DELAY: Duration = Duration::from_millis(1);
const DELAY_IF_LATE: Duration = Duration::from_millis(3);

/// What it is like on the line, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    /// Whoever stands at the far end can be reached.
    pub(crate) far_end_is_up: AtomicBool,
    pub(crate) is_bad: AtomicBool,
    /// Nothing gets through.
    pub(crate) is_cut: AtomicBool,
    /// The last of what the far end has received so far, where that has a number.
    pub(crate) arrived: AtomicUsize,
    pub(crate) lost: AtomicUsize,
    /// One bit is wrong, which the checksums are for.
    pub(crate) spoilt: AtomicUsize,
    pub(crate) doubled: AtomicUsize,
    pub(crate) late: AtomicUsize,
    pub(crate) cut_off: AtomicUsize,
}

impl Weather {
    /// Runs the loop until the weather is as somebody else is to make it.
    pub(crate) fn wait(&self, rt: &mut Runtime, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !condition(self) {
            rt.process_events(Some(Duration::from_millis(1))).unwrap();
            assert!(Instant::now() < deadline, "the weather stays as it is: {self:?}");
        }
    }
}

/// Runs `near` and `far` at the two ends of a line, and the line until both are done.
pub(crate) fn between(
    seed: u64,
    near: impl FnOnce(&Arc<Weather>) + Send + 'static,
    far: impl FnOnce(&Arc<Weather>) + Send + 'static,
) {
    let weather = Arc::new(Weather::default());
    let mut ends = [
        End::begin("near", NEAR, FAR, weather.clone(), near),
        End::begin("far", FAR, NEAR, weather.clone(), far),
    ];
    let mut line = Line {
        taps: [tap("near-line"), tap("far-line")],
        on_their_way: BinaryHeap::new(),
        frames: 0,
        dice: seed,
        weather,
    };
    ends.iter().for_each(End::let_in);
    while !ends.iter_mut().all(End::is_done) {
        line.forward();
    }
    ends.into_iter().for_each(End::finish);
}

/// A thread with a network of its own, one interface of which is the end of the line.
struct End {
    thread: JoinHandle<()>,
    done: Receiver<()>,
    is_done: bool,
    /// Lets the thread begin, and end when it is dropped: until then its network lives.
    gate: Sender<()>,
}

impl End {
    fn begin(
        name: &'static str,
        own: Ipv4Addr,
        other: Ipv4Addr,
        weather: Arc<Weather>,
        body: impl FnOnce(&Arc<Weather>) + Send + 'static,
    ) -> Self {
        let (gate, opened) = channel();
        let (tell_done, done) = channel();
        let (tell_name, named) = channel();
        let thread = std::thread::spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            tell_name.send(std::fs::read_link("/proc/thread-self").unwrap()).unwrap();
            opened.recv().unwrap();
            plug_in(name, own, other);
            body(&weather);
            tell_done.send(()).unwrap();
            // Until the other end is done too.
            let _ = opened.recv();
        });
        let number = named.recv().unwrap();
        let number = number.file_name().unwrap().to_str().unwrap();
        ip(&format!("link add {name}-line type veth peer name {name} netns {number}"));
        set_knob(&format!("ipv6/conf/{name}-line/disable_ipv6"), 1);
        ip(&format!("link set {name}-line up"));
        Self { thread, done, is_done: false, gate }
    }

    fn let_in(&self) {
        self.gate.send(()).unwrap();
    }

    /// Says whether the body has returned, or panicked.
    fn is_done(&mut self) -> bool {
        self.is_done |= self.done.try_recv() != Err(TryRecvError::Empty);
        self.is_done
    }

    fn finish(self) {
        drop(self.gate);
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Makes an interface the end of a line.
fn plug_in(name: &str, own: Ipv4Addr, other: Ipv4Addr) {
    // Frames are to be what a wire carries: no longer than that, and with their checksums.
    run("ethtool", &format!("-K {name} tx off gso off tso off gro off"));
    let hardware = |address: Ipv4Addr| format!("02:00:00:00:00:{:02x}", address.octets()[3]);
    // What gets lost is soon sent again.
    ip(&format!(
        "link set lo up
        link set {name} address {} up
        address add {own}/24 dev {name}
        neigh add {other} lladdr {} dev {name} nud permanent
        route add {other} dev {name} src {own} rto_min 10ms",
        hardware(own),
        hardware(other)
    ));
}

/// Takes every frame off an interface of this thread's network.
fn tap(interface: &str) -> Socket {
    let every_protocol = Protocol::from(i32::from(0x0003_u16.to_be()));
    let tap = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), Some(every_protocol)).unwrap();
    let address = getifaddrs()
        .unwrap()
        .filter(|found| found.interface_name == interface)
        .find_map(|found| found.address?.as_link_addr().copied());
    nix::sys::socket::bind(tap.as_raw_fd(), &address.unwrap()).unwrap();
    tap
}

/// What lies between the two interfaces.
struct Line {
    taps: [Socket; 2],
    on_their_way: BinaryHeap<Reverse<Frame>>,
    frames: u64,
    dice: u64,
    weather: Arc<Weather>,
}

/// A frame on its way: when it arrives, its number, at which tap, and what it is.
type Frame = (Instant, u64, usize, Vec<u8>);

impl Line {
    /// Waits until a frame comes or is due, and does with it what the weather wants.
    fn forward(&mut self) {
        let now = Instant::now();
        let due = self.on_their_way.peek().map(|Reverse((due, ..))| due.duration_since(now));
        // Now and then it is looked whether the ends are done.
        let timeout = due.unwrap_or(DELAY).min(DELAY);
        let [near, far] = &self.taps;
        let mut waiting = [PollFd::new(near, PollFlags::IN), PollFd::new(far, PollFlags::IN)];
        poll(&mut waiting, Some(&Timespec::try_from(timeout).unwrap())).unwrap();
        for from in 0..self.taps.len() {
            let mut buffer = [0; 2048];
            while let Ok(count) = (&self.taps[from]).read(&mut buffer) {
                self.take(&buffer[..count], 1 - from);
            }
        }
        let now = Instant::now();
        while self.on_their_way.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
            if let Some(Reverse((_, _, to, frame))) = self.on_their_way.pop() {
                // For which there is no room is lost, as on any line.
                let _ = self.taps[to].send(&frame);
            }
        }
    }

    /// Decides what becomes of a frame.
    fn take(&mut self, frame: &[u8], to: usize) {
        let weather = self.weather.clone();
        let count = |what: &AtomicUsize| what.fetch_add(1, Ordering::Relaxed);
        if weather.is_cut.load(Ordering::Relaxed) {
            count(&weather.cut_off);
            return;
        }
        let now = Instant::now();
        if !weather.is_bad.load(Ordering::Relaxed) {
            return self.put(now, to, frame);
        }
        let due = now + DELAY;
        let roll = self.roll() % 1000;
        if roll < LOST {
            count(&weather.lost);
        } else if roll < LOST + SPOILT {
            count(&weather.spoilt);
            let mut frame = frame.to_vec();
            let place = usize::try_from(self.roll()).unwrap() % frame.len();
            frame[place] ^= 0x10;
            self.put(due, to, &frame);
        } else if roll < LOST + SPOILT + DOUBLED {
            count(&weather.doubled);
            self.put(due, to, frame);
            self.put(due, to, frame);
        } else if roll < LOST + SPOILT + DOUBLED + LATE {
            count(&weather.late);
            self.put(due + DELAY_IF_LATE, to, frame);
        } else {
            self.put(due, to, frame);
        }
    }

    fn put(&mut self, due: Instant, to: usize, frame: &[u8]) {
        self.frames += 1;
        self.on_their_way.push(Reverse((due, self.frames, to, frame.to_vec())));
    }

    /// The next number of a sequence that the seed decides (splitmix64).
    fn roll(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut roll = self.dice;
        roll = (roll ^ (roll >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        roll = (roll ^ (roll >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        roll ^ (roll >> 31)
    }
}
