//! `Simulation`: drives several runtimes on one network.

use std::fmt;
use std::ops::{Deref, Index, IndexMut};
use std::time::{Duration, Instant};

use super::kernel::SimHost;
use super::network::SimNetwork;
use super::poller::MOST_PASSES;
use crate::Error;
use crate::event_loop::Runtime;
use crate::object::Trace;

/// A network with a runtime on each of its hosts; drives them all.
///
/// It dereferences to its [`SimNetwork`]; indexing with a host returns the host's runtime. The
/// loops of the runtimes make their passes in the order of the hosts, until no runtime has anything
/// to do; then time jumps to the next event.
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
    /// By the number of the host; `None` for a host that is down.
    programs: Vec<Option<Program>>,
    network: SimNetwork,
    /// The trace that all runtimes write into, and the moment when recording began.
    trace: Option<(Trace, Instant)>,
}

/// The program that runs on a host until the host goes down.
struct Program {
    runtime: Runtime,
    /// How often the host had gone down before the program started.
    crashes: u32,
}

impl Simulation {
    /// Creates a network without hosts. All random events on it follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self { programs: Vec::new(), network: SimNetwork::new(seed), trace: None }
    }

    /// Adds a host with a runtime: see [`SimNetwork::add_host`].
    ///
    /// # Errors
    ///
    /// Fails as [`Runtime::new`].
    ///
    /// # Panics
    ///
    /// Panics as [`SimNetwork::add_host`].
    pub fn add_host(&mut self, name: &str) -> Result<SimHost, Error> {
        let host = self.network.add_host(name);
        self.start(host)?;
        Ok(host)
    }

    /// Takes a host down, as by a power failure: drops its runtime with all its objects, and sends
    /// nothing to other hosts. See [`SimNetwork::crash`].
    pub fn crash(&mut self, host: SimHost) {
        self.network.crash(host);
        *self.place(host) = None;
    }

    /// Brings up a host that is down, with a new runtime.
    ///
    /// # Errors
    ///
    /// Fails as [`Runtime::new`].
    pub fn boot(&mut self, host: SimHost) -> Result<(), Error> {
        self.network.boot(host);
        self.start(host)
    }

    /// Creates a host's runtime.
    fn start(&mut self, host: SimHost) -> Result<(), Error> {
        let mut runtime = self.network.runtime(host)?;
        if let Some((trace, began)) = &self.trace {
            runtime.record_since(&trace.labelled(&self.network.host_name(host)), *began);
        }
        let crashes = self.network.crashes(host);
        *self.place(host) = Some(Program { runtime, crashes });
        Ok(())
    }

    /// Writes all emissions on all hosts, also on hosts that are added later, into a trace, with
    /// the host's name. The times in the trace count from this call. One seed gives one trace: see
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

    /// Returns a host's runtime; `None` if the host is down or was added only to the network.
    pub fn runtime(&self, host: SimHost) -> Option<&Runtime> {
        let program = self.programs.get(usize::from(host.0))?.as_ref()?;
        (program.crashes == self.network.crashes(host)).then_some(&program.runtime)
    }

    /// Returns a host's runtime mutably, as [`runtime`](Self::runtime) does.
    pub fn runtime_mut(&mut self, host: SimHost) -> Option<&mut Runtime> {
        let program = self.programs.get_mut(usize::from(host.0))?.as_mut()?;
        (program.crashes == self.network.crashes(host)).then_some(&mut program.runtime)
    }

    /// Runs all runtimes until they have nothing to do, without letting time pass. Returns true if
    /// they come to rest. A program that always has something to do gets 10,000 passes of its loop,
    /// which take one millisecond of simulated time.
    ///
    /// # Errors
    ///
    /// Fails if the system's poller fails.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    pub fn settle(&mut self) -> Result<bool, Error> {
        Ok(self.settle_unless(|_| false)? == Settled::AtRest)
    }

    /// As `settle`, but stops when the condition holds, which is checked before each pass.
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
                    // The host went down, or was added only to the network.
                    None => *self.place(host) = None,
                }
            }
            if !is_busy {
                return Ok(Settled::AtRest);
            }
        }
        Ok(Settled::Busy)
    }

    /// Runs all runtimes until the condition holds, for no longer than `timeout` in simulated time.
    /// Returns true if the condition holds at the end. If nothing more will happen, time jumps to
    /// the end; if a program always has something to do, time passes by one millisecond every
    /// 10,000 passes.
    ///
    /// # Errors
    ///
    /// Fails if the system's poller fails.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
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
                // The 10,000 passes have let time pass.
                Settled::Busy => {}
            }
        }
    }

    /// Runs all runtimes for this long in simulated time.
    ///
    /// # Errors
    ///
    /// Fails if the system's poller fails.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    pub fn run_for(&mut self, time: Duration) -> Result<(), Error> {
        self.run_until(time, |_| false).map(drop)
    }

    /// Returns when the next event happens on the network, or the next timer of a runtime is due.
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

    /// Panics, because the host has no runtime.
    #[cold]
    #[track_caller]
    fn has_no_runtime(&self, host: SimHost) -> ! {
        let name = self.network.host_name(host);
        panic!("host {name:?} is down, or was added only to the network, so it has no runtime")
    }

    /// Returns the hosts that may have a program.
    fn places(&self) -> impl Iterator<Item = SimHost> + use<> {
        (0..self.programs.len()).map(|place| SimHost(place as u16))
    }
}

/// How settling ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    /// The condition held.
    Held,
    /// No runtime has anything to do.
    AtRest,
    /// Some runtime always has something to do.
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
    /// Panics if the host is down or was added only to the network.
    #[track_caller]
    fn index(&self, host: SimHost) -> &Runtime {
        let Some(runtime) = self.runtime(host) else { self.has_no_runtime(host) };
        runtime
    }
}

impl IndexMut<SimHost> for Simulation {
    #[track_caller]
    fn index_mut(&mut self, host: SimHost) -> &mut Runtime {
        if self.runtime(host).is_none() {
            self.has_no_runtime(host);
        }
        self.runtime_mut(host).expect("the host has a runtime")
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("network", &self.network).finish_non_exhaustive()
    }
}

/// A single runtime on its own network.
impl Runtime {
    /// Creates a runtime on the only host, `localhost`, of a network in memory. Its sockets can
    /// connect to each other, its clock is the network's, and all random events follow from the
    /// seed. For more hosts see [`SimNetwork`] and [`Simulation`].
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
    /// Fails as [`Runtime::new`].
    pub fn simulated(seed: u64) -> Result<Self, Error> {
        let network = SimNetwork::new(seed);
        let host = network.add_host("localhost");
        network.runtime(host)
    }
}
