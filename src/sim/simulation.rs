//! `Simulation`: several runtimes on one network, and what drives them.

use std::fmt;
use std::ops::{Deref, Index, IndexMut};
use std::time::{Duration, Instant};

use super::kernel::SimHost;
use super::network::SimNetwork;
use super::poller::MOST_PASSES;
use crate::Error;
use crate::event_loop::Runtime;
use crate::object::Trace;

/// A network with a runtime on each of its hosts, and what drives them all.
///
/// It dereferences to its [`SimNetwork`]; a host's runtime is found by indexing. The loops of
/// the runtimes make their passes in the order of the hosts, until none has anything to do; then
/// time jumps to what happens next.
///
/// ```
/// use std::time::Duration;
/// use slotwire::prelude::*;
/// use slotwire::sim::Simulation;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut sim = Simulation::new(42);
/// let (east, west) = (sim.add_host("east")?, sim.add_host("west")?);
///
/// let server = sim[east].add(QTcpServer::new());
/// sim[east][server].listen_on(BindAddress::Any, 7000)?;
///
/// let client = sim[west].add(QTcpSocket::new());
/// sim[west][client].connect_to_host("east", 7000);
/// let is_connected = |sim: &Simulation| sim[west][client].state() == SocketState::Connected;
/// assert!(sim.run_until(Duration::from_secs(5), is_connected)?);
///
/// // Nothing that is sent now arrives before the cable is mended.
/// sim.partition(east, west);
/// sim[west][client].write_all(b"hello")?;
/// sim.run_for(Duration::from_secs(60))?;
/// let served = sim[east][server].next_pending_connection().ok_or("not accepted")?;
/// assert_eq!(sim[east][served].bytes_available(), 0);
/// sim.repair(east, west);
/// sim.run_for(Duration::from_secs(60))?;
/// assert_eq!(sim[east][served].read_all(), b"hello");
/// # Ok(())
/// # }
/// ```
pub struct Simulation {
    /// By host; none of one that is down.
    programs: Vec<Option<Program>>,
    network: SimNetwork,
    /// What all runtimes write into, and when that began.
    trace: Option<(Trace, Instant)>,
}

/// What runs on a host until that goes down.
struct Program {
    runtime: Runtime,
    /// How often the host had gone down before.
    crashes: u32,
}

impl Simulation {
    /// Creates a network without hosts, on which what happens by chance follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self { programs: Vec::new(), network: SimNetwork::new(seed), trace: None }
    }

    /// Adds a host with a runtime: see [`SimNetwork::add_host`].
    ///
    /// # Errors
    ///
    /// Fails as [`Runtime::new`] does.
    ///
    /// # Panics
    ///
    /// Panics as [`SimNetwork::add_host`] does.
    pub fn add_host(&mut self, name: &str) -> Result<SimHost, Error> {
        let host = self.network.add_host(name);
        self.start(host)?;
        Ok(host)
    }

    /// Takes a host down, as by a power failure: its runtime is dropped with all of its objects,
    /// and nobody on the network hears of it. See [`SimNetwork::crash`].
    pub fn crash(&mut self, host: SimHost) {
        self.network.crash(host);
        *self.place(host) = None;
    }

    /// Brings a host up again that is down, with a new runtime.
    ///
    /// # Errors
    ///
    /// Fails as [`Runtime::new`] does.
    pub fn boot(&mut self, host: SimHost) -> Result<(), Error> {
        self.network.boot(host);
        self.start(host)
    }

    /// Gives a host a new runtime.
    fn start(&mut self, host: SimHost) -> Result<(), Error> {
        let mut runtime = self.network.runtime(host)?;
        if let Some((trace, began)) = &self.trace {
            runtime.record_since(&trace.labelled(&self.network.host_name(host)), *began);
        }
        let crashes = self.network.crashes(host);
        *self.place(host) = Some(Program { runtime, crashes });
        Ok(())
    }

    /// Has all that is emitted on all hosts, also on those that come later, written into a trace,
    /// with the host's name. Time counts from now for all of them. One seed gives one trace: see
    /// [`Trace`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    /// use slotwire::Trace;
    /// use slotwire::sim::Simulation;
    ///
    /// fn run(seed: u64) -> Result<String, Box<dyn std::error::Error>> {
    ///     let mut sim = Simulation::new(seed);
    ///     let trace = Trace::new();
    ///     sim.record_into(&trace);
    ///     let host = sim.add_host("desk")?;
    ///     let socket = sim[host].add(QTcpSocket::new());
    ///     sim[host][socket].connect_to_host("nowhere", 80);
    ///     sim.run_for(Duration::from_secs(1))?;
    ///     Ok(trace.to_string())
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// assert_eq!(
    ///     run(1)?,
    ///     "desk 1 QTcpSocket 1v1 state_changed(HostLookup)\n\
    ///      desk 2 QTcpSocket 1v1 state_changed(Unconnected)\n\
    ///      desk 2 QTcpSocket 1v1 error_occurred(HostNotFound)\n"
    /// );
    /// assert_eq!(run(1)?, run(1)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_into(&mut self, trace: &Trace) {
        let began = self.network.moment(self.network.elapsed());
        for host in self.places() {
            let label = trace.labelled(&self.network.host_name(host));
            if let Some(runtime) = self.runtime_mut(host) {
                runtime.record_since(&label, began);
            }
        }
        self.trace = Some((trace.clone(), began));
    }

    /// Returns a host's runtime, unless the host is down or was added to the network alone.
    pub fn runtime(&self, host: SimHost) -> Option<&Runtime> {
        let program = self.programs.get(usize::from(host.0))?.as_ref()?;
        (program.crashes == self.network.crashes(host)).then_some(&program.runtime)
    }

    /// Returns a host's runtime for a change, as [`runtime`](Self::runtime) does.
    pub fn runtime_mut(&mut self, host: SimHost) -> Option<&mut Runtime> {
        let program = self.programs.get_mut(usize::from(host.0))?.as_mut()?;
        (program.crashes == self.network.crashes(host)).then_some(&mut program.runtime)
    }

    /// Lets everybody do what there is to do now; time stands. Says whether all came to rest: a
    /// program that always has something to do is given 10,000 passes of its loop, which take it a
    /// millisecond.
    ///
    /// # Errors
    ///
    /// Fails if the system's poller does.
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    pub fn settle(&mut self) -> Result<bool, Error> {
        Ok(self.settle_unless(|_| false)? == Settled::AtRest)
    }

    /// As `settle`, but only until the condition holds, which is looked at before each pass.
    fn settle_unless(
        &mut self,
        mut condition: impl FnMut(&Self) -> bool,
    ) -> Result<Settled, Error> {
        for _ in 0..MOST_PASSES {
            if condition(self) {
                return Ok(Settled::Held);
            }
            let mut is_busy = false;
            for host in self.places() {
                match self.runtime_mut(host) {
                    Some(runtime) => is_busy |= runtime.process_events(Some(Duration::ZERO))?,
                    // The host went down, if it was ever up.
                    None => *self.place(host) = None,
                }
            }
            if !is_busy {
                return Ok(Settled::AtRest);
            }
        }
        Ok(Settled::Busy)
    }

    /// Runs everything until the condition holds, for no longer than `timeout` of the network's
    /// time; says whether it came to hold. Time passes at once when nothing will happen any more; for
    /// a program that always has something to do, it passes by a millisecond every 10,000 passes.
    ///
    /// # Errors
    ///
    /// Fails if the system's poller does.
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    pub fn run_until(
        &mut self,
        timeout: Duration,
        mut condition: impl FnMut(&Self) -> bool,
    ) -> Result<bool, Error> {
        let end = self.network.elapsed().saturating_add(timeout);
        loop {
            match self.settle_unless(&mut condition)? {
                Settled::Held => return Ok(true),
                _ if self.network.elapsed() >= end => return Ok(condition(self)),
                Settled::AtRest => {
                    self.network.advance_to(self.next_event().map_or(end, |next| next.min(end)));
                }
                // Who does not rest has taken time for it.
                Settled::Busy => {}
            }
        }
    }

    /// Runs everything for some time of the network's.
    ///
    /// # Errors
    ///
    /// Fails if the system's poller does.
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    pub fn run_for(&mut self, time: Duration) -> Result<(), Error> {
        self.run_until(time, |_| false).map(drop)
    }

    /// When something happens next: on the network, or because a timer of a runtime is due.
    fn next_event(&self) -> Option<Duration> {
        let runtimes = self.places().filter_map(|host| self.runtime(host));
        let deadlines = runtimes.filter_map(Runtime::next_deadline);
        let due = deadlines.map(|due| due.saturating_duration_since(self.network.start()));
        due.chain(self.network.next_event()).min()
    }

    fn place(&mut self, host: SimHost) -> &mut Option<Program> {
        let place = usize::from(host.0);
        if self.programs.len() <= place {
            self.programs.resize_with(place + 1, || None);
        }
        &mut self.programs[place]
    }

    /// The hosts that may have a program.
    fn places(&self) -> impl Iterator<Item = SimHost> + use<> {
        (0..self.programs.len()).map(|place| SimHost(place as u16))
    }
}

/// How settling ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    /// The condition held.
    Held,
    /// Nobody has anything to do.
    AtRest,
    /// Somebody always has something to do.
    Busy,
}

impl Deref for Simulation {
    type Target = SimNetwork;

    fn deref(&self) -> &SimNetwork {
        &self.network
    }
}

impl Index<SimHost> for Simulation {
    type Output = Runtime;

    /// Returns a host's runtime.
    ///
    /// # Panics
    ///
    /// Panics if the host is down or was added to the network alone.
    #[track_caller]
    fn index(&self, host: SimHost) -> &Runtime {
        self.runtime(host).expect("the host is up and has a runtime")
    }
}

impl IndexMut<SimHost> for Simulation {
    #[track_caller]
    fn index_mut(&mut self, host: SimHost) -> &mut Runtime {
        self.runtime_mut(host).expect("the host is up and has a runtime")
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("network", &self.network).finish_non_exhaustive()
    }
}

/// A runtime of its own on a network of its own.
impl Runtime {
    /// Creates a runtime on the only host, `localhost`, of a network in memory: its sockets talk to
    /// each other there, its clock is the network's, and what happens by chance follows from the
    /// seed. [`SimNetwork`] and [`Simulation`] have more of it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::simulated(1)?;
    /// let server = rt.add(QTcpServer::new());
    /// rt[server].listen(([127, 0, 0, 1], 80))?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].connect_to_host("localhost", 80);
    /// assert!(rt.wait_for_connected(socket, Some(Duration::from_secs(1))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails as [`Runtime::new`] does.
    pub fn simulated(seed: u64) -> Result<Self, Error> {
        let network = SimNetwork::new(seed);
        let host = network.add_host("localhost");
        network.runtime(host)
    }
}
